"""Does steering pay: arms side by side on landscapes and molecules whose answer is known, at equal aggregate steps.

An *arm* is one way to spend the steps (one long run, plain parallel runs, a selector with a latent model), a *problem*
is a landscape with its truth, a *run* is one arm on one problem with one seed. Every steered arm runs the real
coordinator; only the fleet is in this process, on a clock that counts integrator steps.
"""
