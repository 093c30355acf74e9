"""Which of very many points are far from what is selected, on average, without looking at all of them each time.

The mean distance to the k nearest of the selected points can only fall when another is selected, so what it was is a
bound (Minoux, Lect. Notes Control Inf. Sci. 7, 234, 1978), and so is the mean distance to the k nearest of some of
them. A point is looked at when it comes, against a sample of what is selected, and then only while its bound is among
the largest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.nearest_selected import nearest_selected

__all__ = ["MeanBounds"]

SAMPLE = 256
"""Selected points, at least, that a new point is compared with, where there are so many."""

PART = 2**16
"""New points looked at together."""

SLACK = np.float32(1 + 1e-5)
"""Means are in float32: a bound is never below what it bounds."""


class MeanBounds:
    """Upper bounds on the mean distance of each point of a growing table to the k nearest of a growing selection.

    Parameters
    ----------
    neighbours : int
        k.
    """

    def __init__(self, neighbours: int) -> None:
        self._neighbours = neighbours
        self._bounds = np.empty(0, np.float32)

    def extend(self, points: NDArray[np.floating], selected: NDArray[np.floating]) -> None:
        """The table is this now, shape (n, d), and begins with the rows of before; so is what is selected, at least k."""
        sample = selected[:: max(1, len(selected) // max(SAMPLE, self._neighbours))]
        parts = [self._bounds]
        for start in range(len(self._bounds), len(points), PART):
            near = nearest_selected(points[start : start + PART], sample, self._neighbours)
            parts.append(near.mean(axis=1) * SLACK)
        self._bounds = np.concatenate(parts)

    def learn(self, rows: NDArray[np.int64], means: NDArray[np.float32]) -> None:
        """The mean distances of these rows are these."""
        self._bounds[rows] = means * SLACK

    def largest(self, open_: NDArray[np.bool_], count: int) -> tuple[NDArray[np.int64], float]:
        """Open rows of the largest bounds, in order, and what the means of all other open rows do not exceed.

        Parameters
        ----------
        open_ : ndarray, shape (n,), bool
        count : int
            Rows wanted, at least one. All open ones come back where there are no more; no mean exceeds -inf then.
        """
        rows = np.flatnonzero(open_)
        if len(rows) <= count:
            return rows, -np.inf
        bounds = self._bounds[rows]
        order = np.argpartition(bounds, len(rows) - count - 1)
        return np.sort(rows[order[-count:]]), float(bounds[order[-count - 1]])
