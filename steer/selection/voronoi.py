"""Weights of selected points: each stands for the candidates nearest to it.

Statistics over selected points (secondary structure of refinements, free energies of states) need them, because
selection prefers what is rare. Kept in floating point; rounding them to integers loses 5 to 33% of the signal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.distances import PointCloud

__all__ = ["voronoi_weights"]

GRAIN = 2.0**20
"""Weights are whole multiples of one over this, so that floating point adds them without rounding."""


def voronoi_weights(candidates: NDArray[np.floating], selected: NDArray[np.floating]) -> NDArray[np.float64]:
    """How many candidates each selected point stands for.

    Points selected at the same place share the candidates that are nearest to it.

    Parameters
    ----------
    candidates : ndarray, shape (n, d)
        Latent points of all frames that were to be represented.
    selected : ndarray, shape (m, d)
        Latent points of those selected.

    Returns
    -------
    ndarray, shape (m,), float64
        Their sum is exactly n.

    Raises
    ------
    ValueError
        When there are candidates and nothing is selected.
    """
    if len(candidates) == 0:
        return np.zeros(len(selected))
    if len(selected) == 0:
        raise ValueError(
            f"{len(candidates)} candidates cannot be represented by no selected point; select one."
        )
    places, first, place, sharers = np.unique(
        selected, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    owned = np.bincount(PointCloud(candidates).owner(places), minlength=len(places))
    share = np.floor(owned / sharers * GRAIN) / GRAIN
    weights = share[place.ravel()]
    weights[first] += owned - share * sharers
    return weights
