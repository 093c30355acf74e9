"""Taking a whole batch from a ranked list at once, with at most so many of one group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Picks

__all__ = ["earlier_equals", "take_best", "take_in_order"]


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


def take_in_order(
    order: NDArray[np.int64], count: int, groups: NDArray[np.integer], cap: int
) -> NDArray[np.int64]:
    """The first `count` rows of this order that the caps allow.

    Parameters
    ----------
    order : ndarray, shape (n,), int64
        Rows of the candidates, best first.
    count : int
        Rows wanted.
    groups : ndarray, shape (n,), int
        Each candidate's group.
    cap : int
        Rows from one group at most.
    """
    return order[earlier_equals(groups[order]) < cap][: max(count, 0)]


def take_best(scores: NDArray[np.floating], count: int, groups: NDArray[np.integer], cap: int) -> Picks:
    """The candidates of the largest scores that the caps allow; of equal ones, the first."""
    rows = take_in_order(np.argsort(-scores, kind="stable"), count, groups, cap)
    return Picks(rows, scores[rows].astype(np.float64))
