"""How new what was selected was, when it was selected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Novelty", "novelty"]


@dataclass(frozen=True)
class Novelty:
    """Novelty of the configurations selected, in the order of selection, the first one (nothing before it) left out.

    Attributes
    ----------
    position : ndarray, shape (k,), int
        Which selection each value is of.
    chosen : ndarray, shape (k,)
        Distance to the nearest configuration selected before.
    typical, farthest : ndarray, shape (k,)
        Median and largest such distance of the CG frames known at the time: what a random pick, and the best one,
        would have had.
    """

    position: NDArray[np.int64]
    chosen: NDArray[np.float64]
    typical: NDArray[np.float64]
    farthest: NDArray[np.float64]


def novelty(
    selected: NDArray[np.floating], known: NDArray[np.integer], frames: NDArray[np.floating]
) -> Novelty:
    """Novelty of each selection, all measured in one latent space, so that values can be compared.

    Parameters
    ----------
    selected : ndarray, shape (n, d)
        In the order of selection, the input structure first.
    known : ndarray, shape (n,), int
        How many of `frames` were known at each selection.
    frames : ndarray, shape (m, d)
        CG frames in the order in which they arrived.
    """
    nearest = np.full(len(frames), np.inf)
    rows = []
    for i in range(1, len(selected)):
        np.minimum(nearest, np.linalg.norm(frames - selected[i - 1], axis=1), out=nearest)
        before = nearest[: known[i]] if known[i] else np.array([np.nan])
        distance = np.linalg.norm(selected[:i] - selected[i], axis=1).min()
        rows.append((i, distance, np.median(before), before.max()))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    return Novelty(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])
