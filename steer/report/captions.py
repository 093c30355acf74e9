"""What each figure shows, in the words of a figure's caption."""

from __future__ import annotations

__all__ = ["caption_of"]

CAPTIONS = {
    "coverage": "Density of CG frames in the latent space with AA frames, seeds and refinements, by kind and by generation; "
    "occupied cells against aggregate CG time with the unsteered control; what came from what.",
    "measures": "Occupied volume, covering radius, evenness and rate of discovery against aggregate CG time, with 95% bands.",
    "free_energy": "Free energy of the sampled ensemble, its standard error, and that of the weighted AA frames.",
    "states": "Share of the simulations that have visited each named state, steered and unsteered, with 95% bands.",
    "markov": "Implied timescales of a Markov model of the CG frames, and its equilibrium or why it is not shown.",
    "learning": "Novelty of what was selected; outcomes of refinements; reconstruction error by model version; drift.",
    "operations": "Latency of frames, jobs by worker, and throughput.",
}


def caption_of(figure: str) -> str:
    """The caption of a figure by its name; those over two axes of the user's choice share that of ``free_energy``."""
    axes = figure.removeprefix("free_energy_")
    return (
        CAPTIONS[figure]
        if figure in CAPTIONS
        else f"{CAPTIONS['free_energy']} Axes: {axes.replace('_', ' ')}."
    )
