"""The candidate farthest from everything selected, found without looking at all of them each time.

A distance to the nearest selected point can only fall while points are selected. So what it was is a bound, and those
candidates whose bound is below the largest true distance can wait (Minoux, Lect. Notes Control Inf. Sci. 7, 234, 1978).
Only the far ones, the frontier, are kept up to date; when the farthest of them has come as near as the others may be,
these catch up with the points selected meanwhile and a new frontier is drawn. The picks are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.distances import PointCloud

__all__ = ["CLOSED", "Frontier"]

CLOSED = -1.0
"""Squared distance of a candidate that may not be picked: below every true one, and lowering leaves it."""

SHARE = 16
"""One in so many candidates belongs to the frontier."""

SMALLEST = 4096
"""Candidates up to which all belong to it."""


class Frontier:
    """Candidates with their squared distances to the nearest selected point.

    Parameters
    ----------
    cloud : PointCloud
        All candidates, n of them.
    squared : ndarray, shape (n,), float32
        Squared distance of each to the nearest point selected before, or any bound above it; changed in place.
    """

    def __init__(self, cloud: PointCloud, squared: NDArray[np.float32]) -> None:
        self._cloud = cloud
        self._squared = squared
        self._pending: list[NDArray[np.floating]] = []
        self._draw()

    def farthest(self) -> tuple[int, float]:
        """Row and squared distance of the farthest candidate; the distance is `CLOSED` when none is left."""
        if self._pending and self._near.max() < self._bound:
            self._draw()
        place = int(np.argmax(self._near))
        return int(self._rows[place]), float(self._near[place])

    def add(self, point: NDArray[np.floating]) -> None:
        """Take in one more selected point, shape (d,)."""
        self._pending.append(point)
        self._far.lower(self._near, point)

    def close(self, rows: NDArray[np.int64]) -> None:
        """Let these candidates not be picked any more."""
        self._squared[rows] = CLOSED
        self._near[self._squared[self._rows] == CLOSED] = CLOSED

    def _draw(self) -> None:
        for point in self._pending:
            self._cloud.lower(self._squared, point)
        self._pending.clear()
        count = len(self._squared)
        others = count - max(SMALLEST, count // SHARE)
        if others > 0:
            order = np.argpartition(self._squared, others)
            self._rows, self._bound = np.sort(order[others:]), float(self._squared[order[others]])
        else:
            self._rows, self._bound = np.arange(count), CLOSED
        self._near = self._squared[self._rows]
        self._far = self._cloud.part(self._rows)
