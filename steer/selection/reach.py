"""How far very many points are from the nearest of those chosen, worked out only as far as it matters.

Greedy rules want the farthest points, again and again, from a set that only grows. A distance to the nearest chosen
point can only fall, so what is known of it is a bound; a point whose bound is below what is asked for can wait, however
many points were chosen since (Minoux, Lect. Notes Control Inf. Sci. 7, 234, 1978). Of each point is kept its bound, and
how many of the chosen points, in their order, have gone into it. A table of ten million points is gone through once in
a lifetime; from then on a decision touches those at the edge.

Distances come from differences of coordinates in float32, one coordinate after the other, so that they are right
between points that are close together and do not depend on what was worked out when: the answers are exact, and the
same after a restart.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from steer.selection.mean_bounds import MeanBounds

__all__ = ["Reach", "squared_to_nearest"]

BLOCK = 2**15
"""Rows looked at together; for each block the largest bound is kept, so that quiet ones are passed over."""

TOGETHER = 2**20
"""Rows collected from the blocks before they are brought up to date."""

PART = 2**14
"""Rows brought up to date together."""

PAIRS = 2**16
"""Distances worked out at once: they stay in the processor's cache."""

SAMPLE = 2**14
"""Rows, spread evenly, from which it is told how far the far ones are."""

SAMPLE_PAIRS = 4_000_000
"""Distances at most for finding that out."""


NOWHERE = 1e15
"""A coordinate far from every point, whose square is still a number."""


class Reach:
    """Squared distances of a growing table of points to the nearest of a growing list of chosen points.

    Parameters
    ----------
    points : ndarray, shape (n, d), float32
        The table; it is not copied.

    Attributes
    ----------
    pairs : int
        Distances that were worked out.
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        dimensions = points.shape[1]
        self._points = points[:0]
        self._chosen = np.empty((0, dimensions), np.float32)
        self._bounds = np.empty(0, np.float32)
        self._applied = np.empty(0, np.int32)
        self._tops = np.empty(0, np.float32)
        self._means: dict[int, MeanBounds] = {}
        self.pairs = 0
        self.extend(points)

    def __len__(self) -> int:
        return len(self._points)

    @property
    def points(self) -> NDArray[np.float32]:
        """The table, shape (n, d)."""
        return self._points

    @property
    def chosen(self) -> int:
        """Number of chosen points."""
        return len(self._chosen)

    def extend(self, points: NDArray[np.float32]) -> None:
        """The table is this now, shape (n, d): it begins with the rows that were there before."""
        before, count = len(self._points), len(points)
        self._points = points
        if count > len(self._bounds):
            size = max(count, len(self._bounds) * 5 // 4)
            self._bounds = _grown(self._bounds, before, size)
            self._applied = _grown(self._applied, before, size)
        self._bounds[before:count], self._applied[before:count] = np.inf, 0
        blocks = -(-count // BLOCK)
        self._tops = np.concatenate([self._tops, np.full(blocks - len(self._tops), np.inf, np.float32)])
        self._tops[before // BLOCK :] = np.inf

    def add(self, points: NDArray[np.floating]) -> None:
        """Further points were chosen, shape (k, d). One that is not finite is near nothing."""
        known = np.where(np.isfinite(points), points, NOWHERE).astype(np.float32)
        self._chosen = np.concatenate([self._chosen, known])

    @property
    def known(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """The chosen points, shape (k, d), and for each row its bound and how many of them have gone into it."""
        count = len(self._points)
        return self._chosen, self._bounds[:count], self._applied[:count]

    @classmethod
    def recalled(
        cls,
        points: NDArray[np.float32],
        chosen: NDArray[np.float32],
        bounds: NDArray[np.float32],
        applied: NDArray[np.int32],
    ) -> Self:
        """Begin with what was known.

        Parameters
        ----------
        points : ndarray, shape (n, d), float32
        chosen : ndarray, shape (k, d), float32
            The chosen points; others may follow.
        bounds, applied : ndarray, shape (n,)
            As `known` gave them, infinite and zero where nothing is known; they are not copied, and written to.
        """
        reach = cls(points[:0])
        reach._points, reach._chosen, reach._bounds, reach._applied = points, chosen, bounds, applied
        blocks = range(-(-len(points) // BLOCK))
        reach._tops = np.array([bounds[reach._part(block)].max() for block in blocks], np.float32)
        return reach

    def fork(self) -> Self:
        """A reach that knows the same and goes its own way."""
        copy = type(self).__new__(type(self))
        copy._points, copy._chosen, copy._tops = self._points, self._chosen, self._tops.copy()
        count = len(self._points)
        copy._bounds, copy._applied = self._bounds[:count].copy(), self._applied[:count].copy()
        copy._means, copy.pairs = {}, 0
        return copy

    def catch_up(self, source: Reach) -> None:
        """Learn what the reach that this one is a fork of has learnt since."""
        count = len(self._points)
        behind = np.flatnonzero(self._applied[:count] < source._applied[:count])
        self._bounds[behind] = np.minimum(self._bounds[behind], source._bounds[behind])
        self._applied[behind] = source._applied[behind]

    def beyond(self, limit: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows farther than a squared distance from every chosen point, in order, and their squared distances."""
        self.learn(limit)
        rows = [self._above(int(block), limit) for block in np.flatnonzero(self._tops > limit)]
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        found = np.concatenate(rows)
        return found, self._bounds[found]

    def mean_bounds(self, neighbours: int) -> MeanBounds:
        """What rules have found of the mean distances to so many of the nearest chosen points; a fork knows none."""
        return self._means.setdefault(neighbours, MeanBounds(neighbours))

    def learn(self, limit: float) -> None:
        """Work out all that `beyond` needs for this limit."""
        waiting: list[NDArray[np.int64]] = []
        blocks: list[int] = []
        for block in np.flatnonzero(self._tops > limit).tolist():
            rows = self._above(block, limit)
            rows = rows.compress(self._applied.take(rows) < self.chosen)
            if len(rows):
                waiting.append(rows)
                blocks.append(block)
            if sum(map(len, waiting)) >= TOGETHER:
                self._renew(waiting, blocks, limit)
                waiting, blocks = [], []
        self._renew(waiting, blocks, limit)

    def guess(self, count: int) -> float:
        """A limit beyond which there are about `count` rows, judged from a sample; below zero when that may be all."""
        share = count / max(1, len(self))
        if share >= 0.5:
            return -1.0
        size = min(SAMPLE, max(256, SAMPLE_PAIRS // max(1, self.chosen)))
        stride = 2 ** max(0, int(np.ceil(np.log2(len(self) / size))))
        rows = np.arange(0, len(self), stride)
        self._settle(rows[self._applied[rows] < self.chosen], -1.0)
        near = np.sort(self._bounds[rows])[::-1]
        return float(near[min(len(near) - 1, round(share * len(near)))])

    def _part(self, block: int) -> slice:
        return slice(block * BLOCK, min((block + 1) * BLOCK, len(self)))

    def _above(self, block: int, limit: float) -> NDArray[np.int64]:
        part = self._part(block)
        return np.flatnonzero(self._bounds[part] > limit) + part.start

    def _renew(self, rows: list[NDArray[np.int64]], blocks: list[int], limit: float) -> None:
        """Settle rows, together because few are at the edge of each block, and find the blocks' largest bounds anew."""
        if rows:
            self._settle(np.concatenate(rows), limit)
        for block in blocks:
            self._tops[block] = self._bounds[self._part(block)].max()

    def _settle(self, rows: NDArray[np.int64], limit: float) -> None:
        """Bring these rows up to date, or as far as it takes to see that they are within the limit."""
        for group in self._alike(rows):
            for start in range(0, len(group), PART):
                self._lower(group[start : start + PART], limit)

    def _alike(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Rows in groups in which no one lacks twice as many chosen points as another: a group is as slow as its last."""
        lacking = np.frexp(self.chosen - self._applied.take(rows))[1]
        if not len(rows) or lacking.min() == lacking.max():
            return [rows]
        order = np.argsort(lacking, kind="stable")
        return np.split(rows.take(order), np.flatnonzero(np.diff(lacking[order])) + 1)

    def _lower(self, rows: NDArray[np.int64], limit: float) -> None:
        columns, near = np.ascontiguousarray(self._points.take(rows, axis=0).T), self._bounds.take(rows)
        first, step = int(self._applied.take(rows).min()), 1
        while first < self.chosen:
            step = min(2 * step, max(1, PAIRS // len(rows)))
            last = min(self.chosen, first + step)
            np.minimum(near, squared_to_nearest(columns, self._chosen[first:last]), out=near)
            self.pairs += len(rows) * (last - first)
            first = last
            far = near > limit
            kept = np.count_nonzero(far)
            if 4 * kept < 3 * len(rows):
                # By number: several times as fast as by truth.
                done, left = np.flatnonzero(~far), np.flatnonzero(far)
                self._write(rows.take(done), near.take(done), first)
                rows, columns, near = rows.take(left), columns.take(left, axis=1), near.take(left)
            if not kept:
                return
        self._write(rows, near, first)

    def _write(self, rows: NDArray[np.int64], near: NDArray[np.float32], applied: int) -> None:
        self._bounds[rows] = near
        self._applied[rows] = np.maximum(self._applied.take(rows), applied)


def squared_to_nearest(columns: NDArray[np.float32], chosen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distance of every point to the nearest of some others.

    Parameters
    ----------
    columns : ndarray, shape (d, n), float32
        The points by coordinate.
    chosen : ndarray, shape (k, d), float32
        At least one.

    Returns
    -------
    ndarray, shape (n,), float32
    """
    long = columns.shape[1] >= len(chosen)
    shape = (len(chosen), columns.shape[1]) if long else (columns.shape[1], len(chosen))
    squared, difference = np.zeros(shape, np.float32), np.empty(shape, np.float32)
    for column, coordinate in zip(columns, chosen.T, strict=True):
        if long:
            np.subtract(column, coordinate[:, None], out=difference)
        else:
            np.subtract(column[:, None], coordinate, out=difference)
        np.multiply(difference, difference, out=difference)
        squared += difference
    nearest: NDArray[np.float32] = squared.min(axis=0 if long else 1)
    return nearest


def _grown(array: NDArray[Any], used: int, size: int) -> NDArray[Any]:
    grown = np.empty(size, array.dtype)
    grown[:used] = array[:used]
    return grown
