"""Which of very many points are far from what is selected, on average, without looking at all of them each time.

The mean distance to the k nearest of the selected points can only fall when another is selected, so what it was is a
bound (Minoux, Lect. Notes Control Inf. Sci. 7, 234, 1978), and so is the mean distance to the k nearest of some of
them. A point is looked at when it comes, against a sample of what is selected, and then only when its bound is among
the largest. Of those at the edge the k distances are kept, so that only what was selected since is gone through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.nearest_selected import NearestSelected, nearest_selected

__all__ = ["MeanBounds", "Outside"]

SAMPLE = 256
"""Selected points, at least, that a new point is compared with, where there are so many."""

PART = 2**16
"""New points looked at together."""

KEPT = 2**24
"""Distances kept of the points at the edge, at most: 64 MB."""

QUEUE = 16
"""Portions of points that are put in order together."""

SLACK = np.float32(1 + 1e-5)
"""Means are in float32: a bound is never below what it bounds."""


class MeanBounds:
    """Upper bounds on the mean distance of each point of a growing table to the k nearest of a growing selection.

    Parameters
    ----------
    neighbours : int
        k.

    Attributes
    ----------
    rows : ndarray, shape (e,), int64
        Points at the edge.
    nearest : NearestSelected
        Their k distances.
    """

    def __init__(self, neighbours: int) -> None:
        self._neighbours = neighbours
        self._bounds = np.empty(0, np.float32)
        self._selected: NDArray[np.floating] = np.empty((0, 0))
        self.rows = np.empty(0, np.int64)
        self.nearest = NearestSelected.none(neighbours)

    def extend(self, points: NDArray[np.floating], selected: NDArray[np.floating]) -> None:
        """The table is this now, shape (n, d), and begins with the rows of before; so is what is selected, at least k."""
        new = selected[len(self._selected) :]
        if len(self.rows) and len(new):
            self.nearest.add_all(nearest_selected(points[self.rows], new, self._neighbours))
        self._points, self._selected = points, selected
        sample = selected[:: max(1, len(selected) // max(SAMPLE, self._neighbours))]
        parts = [self._bounds]
        for start in range(len(self._bounds), len(points), PART):
            near = nearest_selected(points[start : start + PART], sample, self._neighbours)
            parts.append(near.mean(axis=1) * SLACK)
        self._bounds = np.concatenate(parts)

    def look_at(self, rows: NDArray[np.int64]) -> NearestSelected:
        """Move these rows to the edge; returns their k distances."""
        nearest = NearestSelected(self._points[rows], self._selected, self._neighbours)
        self._bounds[rows] = -np.inf
        self.rows = np.concatenate([self.rows, rows])
        self.nearest = self.nearest.and_then(nearest)
        return nearest

    def outside(self, open_: NDArray[np.bool_], portion: int) -> Outside:
        """The open rows that are not at the edge."""
        return Outside(self._bounds, open_, portion)

    def forget(self, least: float) -> None:
        """Keep no more than bounds of the points at the edge whose mean distance is below `least`, nor of too many."""
        kept, most = np.flatnonzero(self.nearest.mean >= least), KEPT // self._neighbours
        if len(kept) > most:
            kept = kept[np.argpartition(-self.nearest.mean[kept], most)[:most]]
        self._bounds[self.rows] = self.nearest.mean * SLACK
        self.rows, self.nearest = self.rows[kept], self.nearest.part(kept)
        self._bounds[self.rows] = -np.inf


class Outside:
    """Rows that are not at the edge, the largest bounds first, in portions that grow.

    Parameters
    ----------
    bounds : ndarray, shape (n,), float32
        -inf for rows at the edge.
    open_ : ndarray, shape (n,), bool
        Rows that matter. Rows may close meanwhile.
    portion : int
        Rows of the first portion.

    Attributes
    ----------
    limit : float
        The largest bound of those that are left; -inf when none is.
    """

    def __init__(self, bounds: NDArray[np.float32], open_: NDArray[np.bool_], portion: int) -> None:
        self._bounds, self._open, self._portion = bounds, open_, portion
        self._queue, self._rest = np.empty(0, np.int64), -np.inf
        self._fill()

    def take(self) -> NDArray[np.int64]:
        """The next portion, to be looked at before the one after it; without rows that have closed since."""
        if not len(self._queue):
            self._fill()
        rows, self._queue = self._queue[: self._portion], self._queue[self._portion :]
        self._set_limit()
        self._portion *= 2
        return rows[self._open[rows]]

    def _fill(self) -> None:
        rows = np.flatnonzero(self._open & (self._bounds > -np.inf))
        bounds, size, self._rest = self._bounds[rows], QUEUE * self._portion, -np.inf
        if len(rows) > size:
            order = np.argpartition(bounds, len(rows) - size - 1)
            rows, self._rest = rows[order[-size:]], float(bounds[order[-size - 1]])
        self._queue = rows[np.argsort(-self._bounds[rows])]
        self._set_limit()

    def _set_limit(self) -> None:
        self.limit = float(self._bounds[self._queue[0]]) if len(self._queue) else self._rest
