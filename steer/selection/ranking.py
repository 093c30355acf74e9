"""Taking a whole batch from a ranked list at once, with at most so many of one parent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Picks, Pool

__all__ = ["earlier_equals", "take_best", "take_in_order"]


PREFIX = 4096
"""Rows of a ranking that are tried first."""


def earlier_equals(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many equal labels come before each.

    Parameters
    ----------
    labels : ndarray, shape (n,), int

    Returns
    -------
    ndarray, shape (n,), int64
    """
    together = np.argsort(labels, kind="stable")
    _, starts, sizes = np.unique(labels[together], return_index=True, return_counts=True)
    earlier = np.empty(len(labels), dtype=np.int64)
    earlier[together] = np.arange(len(labels)) - np.repeat(starts, sizes)
    return earlier


def take_in_order(order: NDArray[np.int64], count: int, pool: Pool) -> NDArray[np.int64]:
    """The first `count` rows of this order for which their parents have room.

    Parameters
    ----------
    order : ndarray, shape (n,), int64
        Rows of the candidates, best first.
    count : int
        Rows wanted.
    pool : Pool
    """
    # What is taken depends on what comes before alone: of millions, the first few will mostly do.
    tried = max(PREFIX, 8 * count)
    while True:
        first = order[:tried]
        first = first[pool.room[first] > 0]
        taken = first[earlier_equals(pool.parents[first]) < pool.room[first]][:count]
        if len(taken) == count or tried >= len(order):
            return taken
        tried *= 8


def take_best(scores: NDArray[np.floating], count: int, pool: Pool) -> Picks:
    """The candidates of the largest scores for which there is room; of equal ones, the first."""
    rows = take_in_order(np.argsort(-scores, kind="stable"), count, pool)
    return Picks(rows, scores[rows].astype(np.float64))
