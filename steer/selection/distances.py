"""Squared distances from very many points to one point at a time, as greedy rules need them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["PointCloud"]

BLOCK = 2**16
"""Coordinates worked on at once: a block and its differences stay in the processor's cache."""


class PointCloud:
    """Points laid out by coordinate, in float32 and about their mean.

    Distances come from differences, not from scalar products, so that they are right between points that are close
    together and far from the origin. Nothing larger than a block is made on the way.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least one.
    mean : ndarray, shape (d,), float64, optional
        Of the points that these are a part of; absent: their own.
    """

    def __init__(self, points: NDArray[np.floating], mean: NDArray[np.float64] | None = None) -> None:
        count, dimensions = points.shape
        self.mean: NDArray[np.float64] = points.mean(axis=0, dtype=np.float64) if mean is None else mean
        self._columns = np.empty((dimensions, count), dtype=np.float32)
        for part in self._blocks():
            self._columns[:, part] = (points[part] - self.mean).T

    def __len__(self) -> int:
        return self._columns.shape[1]

    def part(self, rows: NDArray[np.integer]) -> Self:
        """Some of the points, as a cloud of their own; its `mean` is that of all."""
        cloud = type(self).__new__(type(self))
        cloud.mean = self.mean
        cloud._columns = np.take(self._columns, rows, axis=1)
        return cloud

    def squared_to(self, point: NDArray[np.floating]) -> NDArray[np.float32]:
        """Squared distance of every point to this one, shape (n,)."""
        squared = np.empty(len(self), dtype=np.float32)
        for part, distances in self._squared(point):
            squared[part] = distances
        return squared

    def lower(self, squared: NDArray[np.float32], point: NDArray[np.floating]) -> NDArray[np.int64]:
        """Lower squared distances, shape (n,), in place, to those from this point, where it is nearer.

        Returns
        -------
        ndarray, shape (k,), int64
            Rows of the points to which it is nearer.
        """
        nearer = []
        for part, distances in self._squared(point):
            rows = np.flatnonzero(distances < squared[part])
            squared[part][rows] = distances[rows]
            nearer.append(rows + part.start)
        return np.concatenate(nearer)

    def nearest(self, others: NDArray[np.floating]) -> NDArray[np.float32]:
        """Squared distance of every point to the nearest of some others, shape (m, d); infinite when there is none."""
        squared = np.full(len(self), np.inf, dtype=np.float32)
        for other in others:
            self.lower(squared, other)
        return squared

    def owner(self, others: NDArray[np.floating]) -> NDArray[np.int64]:
        """Row of the nearest of some others, shape (m, d), for every point; of equally near ones the first."""
        squared = np.full(len(self), np.inf, dtype=np.float32)
        owner = np.full(len(self), -1, dtype=np.int64)
        for number, other in enumerate(others):
            owner[self.lower(squared, other)] = number
        return owner

    def _blocks(self) -> Iterator[slice]:
        rows = max(1, BLOCK // len(self._columns))
        return (slice(start, start + rows) for start in range(0, len(self), rows))

    def _squared(self, point: NDArray[np.floating]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        centre = (point - self.mean).astype(np.float32)[:, None]
        difference = np.empty(0, dtype=np.float32)
        for part in self._blocks():
            columns = self._columns[:, part]
            if columns.shape != difference.shape:
                difference = np.empty_like(columns)
            np.subtract(columns, centre, out=difference)
            yield part, np.einsum("ij,ij->j", difference, difference)
