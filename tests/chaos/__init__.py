"""Kill tests: a real campaign, disturbed in every way we can think of, must end with the accounts of an undisturbed one.

``python -m tests.chaos --kills 200 --seed 1`` is the long form; ``tests/integration/steer/test_chaos.py`` the short one.
Coordinator, Redis, worker daemons, jobs, OpenMM, training and refinement are the real ones; nothing is simulated.
"""
