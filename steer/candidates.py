"""The frames that may be promoted or started from: a table that grows with the map and is never made anew.

There are millions of them and a decision comes several times a second, so nothing here goes through all of them twice:
new rows are appended, promoted ones are marked, and how far each lies from what was promoted and from what was started
from is kept (`steer.selection.reach`). A table belongs to one version of the latent model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.selection.reach import Reach

if TYPE_CHECKING:
    from steer.framestore import FrameStore
    from steer.latents import LatentTable

__all__ = ["CandidateTable"]


class CandidateTable:
    """Sane CG frames of a latent table.

    Parameters
    ----------
    latents : LatentTable
    store : FrameStore

    Attributes
    ----------
    promoted : Reach
        Distances of the candidates to the promoted frames, in the order of their promotion.
    started : Reach
        Distances to what simulations were started from.
    """

    def __init__(self, latents: LatentTable, store: FrameStore) -> None:
        self._latents, self._store = latents, store
        dimensions = latents.points.shape[1]
        self._points = np.empty((0, dimensions), np.float32)
        self._rows = np.empty(0, np.int64)
        self._parents = np.empty(0, np.int64)
        self._free = np.empty(0, bool)
        self._count = self._seen = self._marked = 0
        self.promoted, self.started = Reach(self._points), Reach(self._points)

    @property
    def points(self) -> NDArray[np.float32]:
        """Latent points, shape (n, d)."""
        return self._points[: self._count]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Their rows in the frame store, rising, shape (n,)."""
        return self._rows[: self._count]

    @property
    def parents(self) -> NDArray[np.int64]:
        """Numbers of the simulations they come from, shape (n,)."""
        return self._parents[: self._count]

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which of them are not promoted yet, shape (n,)."""
        return self._free[: self._count]

    def update(self, promoted: Sequence[int], starts: NDArray[np.float32]) -> None:
        """Take in what is new.

        Parameters
        ----------
        promoted : sequence of int
            Frame-store rows of all promotions; begins with those of the last call.
        starts : ndarray, shape (k, d)
            Latent points of all seeds; begins with those of the last call.
        """
        self._append()
        new = np.array(promoted[self._marked :], dtype=np.int64)
        if len(new):
            self._mark(new)
            self.promoted.add(self._latents.points[new])
            self._marked += len(new)
        if len(starts) > self.started.chosen:
            self.started.add(starts[self.started.chosen :])

    def _append(self) -> None:
        new = slice(self._seen, len(self._latents))
        if new.start == new.stop:
            return
        eligible = self._latents.sane[new] & self._store.is_level("cg", new)
        rows = new.start + np.flatnonzero(eligible)
        part = slice(self._count, self._count + len(rows))
        self._reserve(part.stop)
        self._points[part] = self._latents.points[rows]
        self._rows[part] = rows
        self._parents[part] = self._store.number[rows]
        self._free[part] = True
        self._count, self._seen = part.stop, new.stop
        self.promoted.extend(self.points)
        self.started.extend(self.points)

    def _mark(self, rows: NDArray[np.int64]) -> None:
        places = np.searchsorted(self.rows, rows)
        inside = places < self._count
        places, rows = places[inside], rows[inside]
        self._free[places[self._rows[places] == rows]] = False

    def _reserve(self, count: int) -> None:
        if count <= len(self._rows):
            return
        size = max(count, 1024, len(self._rows) * 5 // 4)
        self._points = _grown(self._points, self._count, size)
        self._rows = _grown(self._rows, self._count, size)
        self._parents = _grown(self._parents, self._count, size)
        self._free = _grown(self._free, self._count, size)


def _grown(array: NDArray[Any], used: int, size: int) -> NDArray[Any]:
    grown = np.empty((size, *array.shape[1:]), array.dtype)
    grown[:used] = array[:used]
    return grown
