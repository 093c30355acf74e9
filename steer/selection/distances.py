"""Squared distances from very many points to one point at a time, as greedy rules need them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["PointCloud"]

BLOCK = 2**16
"""Coordinates worked on at once: a block and its differences stay in the processor's cache."""


class PointCloud:
    """Points laid out by coordinate, in float32 and about their mean.

    Distances come from differences, not from scalar products, so that they are right between points that are close
    together and far from the origin; the largest extra memory is one float32 for each point.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least one.
    """

    def __init__(self, points: NDArray[np.floating]) -> None:
        count, dimensions = points.shape
        self._origin = points.mean(axis=0, dtype=np.float64)
        self._columns = np.empty((dimensions, count), dtype=np.float32)
        for column, values, origin in zip(self._columns, points.T, self._origin, strict=True):
            np.subtract(values, origin, out=column, casting="same_kind")
        self._block = max(1, BLOCK // dimensions)

    def __len__(self) -> int:
        return self._columns.shape[1]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the points, shape (d,)."""
        return self._origin

    def squared_to(
        self, point: NDArray[np.floating], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Squared distance of every point to this one.

        Parameters
        ----------
        point : ndarray, shape (d,)
        out : ndarray, shape (n,), float32, optional
            Where to put them.

        Returns
        -------
        ndarray, shape (n,), float32
        """
        squared = np.empty(len(self), dtype=np.float32) if out is None else out
        centre = (point - self._origin).astype(np.float32)[:, None]
        buffer = np.empty((len(centre), self._block), dtype=np.float32)
        for start in range(0, len(self), self._block):
            columns = self._columns[:, start : start + self._block]
            difference = np.subtract(columns, centre, out=buffer[:, : columns.shape[1]])
            np.einsum("ij,ij->j", difference, difference, out=squared[start : start + self._block])
        return squared

    def nearest(self, others: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """For every point the nearest one of some others, and its squared distance.

        Parameters
        ----------
        others : ndarray, shape (m, d)

        Returns
        -------
        owner : ndarray, shape (n,), int64
            Row of the nearest of `others`; of equally near ones the first; -1 when there is none.
        squared : ndarray, shape (n,), float32
            Infinite when there is none.
        """
        owner = np.full(len(self), -1, dtype=np.int64)
        squared = np.full(len(self), np.inf, dtype=np.float32)
        trial = np.empty_like(squared)
        for row, other in enumerate(others):
            self.squared_to(other, out=trial)
            owner[trial < squared] = row
            np.minimum(squared, trial, out=squared)
        return owner, squared
