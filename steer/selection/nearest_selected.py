"""Distances of every candidate to the selected points nearest to it: to ten of them, as DynIm ranks, or to more."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from steer.selection.reference import lookup

__all__ = ["NEIGHBOURS", "NearestSelected", "nearest_selected"]

NEIGHBOURS = 10
"""Selected points that count for a candidate."""

BLOCK = 2**20
"""Distances computed at once."""

FOLD = 8
"""Columns of a group, in rows of very many distances: ordering a row takes a third as long."""

MANY = 512
"""Selected points from which on a tree beats looking at all of them: 17 times as fast at 9,600 in 4 dimensions."""


def nearest_selected(
    points: NDArray[np.floating], selected: NDArray[np.floating], neighbours: int = NEIGHBOURS
) -> NDArray[np.float32]:
    """Distances to the nearest `neighbours` of the selected points, or to all of them when there are fewer.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    selected : ndarray, shape (m, d)
    neighbours : int

    Returns
    -------
    ndarray, shape (n, min(m, `neighbours`)), float32
        In no order.
    """
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import cdist

    kept = min(len(selected), neighbours)
    if len(selected) >= MANY and lookup(selected.shape[1]) == "kd_tree":
        return np.asarray(cKDTree(selected).query(points, k=range(1, kept + 1))[0], dtype=np.float32)
    nearest = np.empty((len(points), kept), dtype=np.float32)
    block = max(1, BLOCK // max(1, len(selected)))
    for start in range(0, len(points) if kept else 0, block):
        squared = cdist(points[start : start + block], selected, "sqeuclidean")
        nearest[start : start + block] = np.sqrt(_smallest(squared, kept))
    return nearest


def _smallest(numbers: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The smallest `count` of each row, in no order.

    Where there are many more, the rows are folded: as many of the minima of groups are no larger than the `count`-th of
    them, so that what is larger needs no ordering.
    """
    rows, columns = numbers.shape
    groups = columns // FOLD
    if groups >= 2 * count:
        minima = numbers[:, : groups * FOLD].reshape(rows, FOLD, groups).min(axis=1)
        minima.partition(count - 1, axis=1)
        numbers = _up_to(numbers, minima[:, count - 1])
    if count < numbers.shape[1]:
        numbers = np.partition(numbers, count - 1, axis=1)
    return numbers[:, :count]


def _up_to(numbers: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is no larger than each row's limit, in the order of the columns, filled up with infinities."""
    rows, columns = np.nonzero(numbers <= limits[:, None])
    counts = np.bincount(rows, minlength=len(numbers))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    left = np.full((len(numbers), counts.max()), np.inf)
    left[rows, place] = numbers[rows, columns]
    return left


class NearestSelected:
    """Those distances, kept up to date while points are selected one by one.

    Attributes
    ----------
    mean : ndarray, shape (n,), float32
        Mean distance of each candidate to those it has; NaN while nothing is selected.
    """

    def __init__(
        self, points: NDArray[np.floating], selected: NDArray[np.floating], neighbours: int = NEIGHBOURS
    ) -> None:
        self._distances = nearest_selected(points, selected, neighbours)
        self._known = self._distances.shape[1]
        if self._known < neighbours:
            room = np.empty((len(points), neighbours - self._known), dtype=np.float32)
            self._distances = np.column_stack([self._distances, room])
        self._worst_at, self._worst = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        self._refresh()

    @classmethod
    def none(cls, neighbours: int) -> Self:
        """Of no candidate at all, with as many selected points as count."""
        return cls(np.empty((0, 1)), np.empty((neighbours, 1)), neighbours)

    def add(self, distance: NDArray[np.float32]) -> None:
        """Take in one more selected point, of which every candidate has this distance, shape (n,)."""
        if self._known < self._distances.shape[1]:
            self._distances[:, self._known] = distance
            self._known += 1
            self._refresh()
            return
        rows = np.flatnonzero(distance < self._worst)
        self._distances[rows, self._worst_at[rows]] = distance[rows]
        changed = self._distances[rows]
        self.mean[rows] = _mean(changed)
        self._worst_at[rows], self._worst[rows] = _largest(changed)

    def add_all(self, distances: NDArray[np.float32]) -> None:
        """Take in more selected points at once, of which every candidate has these distances, shape (n, j)."""
        kept = min(self._distances.shape[1], self._known + distances.shape[1])
        both = np.concatenate([self._distances[:, : self._known], distances], axis=1)
        if kept < both.shape[1]:
            both.partition(kept - 1, axis=1)
        self._distances[:, :kept], self._known = both[:, :kept], kept
        self._refresh()

    def part(self, rows: NDArray[np.integer]) -> Self:
        """Of some candidates."""
        return self._of([array[rows] for array in self._arrays()])

    def and_then(self, others: Self) -> Self:
        """Of these candidates and others, when as many selected points as count are known of all of them."""
        return self._of([np.concatenate(pair) for pair in zip(self._arrays(), others._arrays(), strict=True)])

    def _arrays(self) -> list[NDArray[Any]]:
        return [self._distances, self.mean, self._worst, self._worst_at]

    def _of(self, arrays: list[NDArray[Any]]) -> Self:
        nearest = type(self).__new__(type(self))
        nearest._known = self._known
        nearest._distances, nearest.mean, nearest._worst, nearest._worst_at = arrays
        return nearest

    def _refresh(self) -> None:
        known = self._distances[:, : self._known]
        self.mean = np.full(len(known), np.nan, dtype=np.float32)
        if self._known:
            self.mean = _mean(known)
            self._worst_at, self._worst = _largest(known)


def _mean(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each row, summed in float64, so that the order of the distances is no part of it."""
    return distances.mean(axis=1, dtype=np.float64).astype(np.float32)


def _largest(distances: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Column of the largest distance in each row, and that distance."""
    columns = distances.argmax(axis=1)
    return columns, distances[np.arange(len(distances)), columns]
