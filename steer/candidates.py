"""The frames that may be promoted or started from: a table that grows with the map and is never made anew.

There are millions of them and a decision comes several times a second, so nothing here goes through all of them twice:
new rows are appended, promoted ones are marked, and how far each lies from what was promoted and from what was started
from is kept (`steer.selection.reach`). A table belongs to one version of the latent model.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.reachfile import Known, ReachFile, RowsChecksum
from steer.selection.reach import Reach

if TYPE_CHECKING:
    from steer.framestore import FrameStore
    from steer.latents import LatentTable

__all__ = ["KEEP_AFTER", "CandidateTable"]

log = logging.getLogger(__name__)

KEEP_AFTER = 500_000_000
"""Distances worked out, about two seconds' worth, after which what is known of them is written down."""

_FILES = ("to-promoted.bin", "to-started.bin")


class CandidateTable:
    """Sane CG frames of a latent table.

    Parameters
    ----------
    latents : LatentTable
    store : FrameStore
    folder : Path, optional
        Where what is known of the distances is kept from one start to the next; begins with what is there.

    Attributes
    ----------
    promoted : Reach
        Distances of the candidates to the promoted frames, in the order of their promotion.
    started : Reach
        Distances to what simulations were started from.
    """

    def __init__(self, latents: LatentTable, store: FrameStore, folder: Path | None = None) -> None:
        self._latents, self._store = latents, store
        self._files = [] if folder is None else [ReachFile(folder / name) for name in _FILES]
        dimensions = latents.points.shape[1]
        self._points = np.empty((0, dimensions), np.float32)
        self._rows = np.empty(0, np.int64)
        self._parents = np.empty(0, np.int32)
        self._free = np.empty(0, bool)
        self._count = self._seen = self._marked = self._kept = 0
        self._fresh = True
        self._checksum = RowsChecksum(self.points)
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
    def parents(self) -> NDArray[np.int32]:
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
        if self._fresh:
            self._fresh = False
            self._begin(self._latents.points[np.array(promoted, dtype=np.int64)], starts)
        else:
            for reach in self._reaches:
                reach.extend(self.points)
        new = np.array(promoted[self._marked :], dtype=np.int64)
        if len(new):
            self._mark(new)
            self._marked += len(new)
        if self.promoted.chosen < self._marked:
            self.promoted.add(
                self._latents.points[np.array(promoted[self.promoted.chosen :], dtype=np.int64)]
            )
        if len(starts) > self.started.chosen:
            self.started.add(starts[self.started.chosen :])

    def keep(self, at_once: bool = False) -> None:
        """Write down what is known of the distances, when it took long enough to find it out, or `at_once`."""
        learnt = sum(reach.pairs for reach in self._reaches)
        if not self._files or learnt - self._kept < (1 if at_once else KEEP_AFTER):
            return
        self._kept = learnt
        try:
            for reach, file in zip(self._reaches, self._files, strict=True):
                file.write(Known(*reach.known), self._checksum.of(self._count))
        except OSError as error:
            log.warning("distances are not kept, which makes the next start slower: %s", error)
            self._files = []

    @property
    def _reaches(self) -> tuple[Reach, Reach]:
        return self.promoted, self.started

    def _append(self) -> None:
        new = slice(self._seen, len(self._latents))
        if new.start == new.stop:
            return
        eligible = self._latents.sane[new] & self._store.is_level("cg", new)
        rows = np.flatnonzero(eligible)
        rows += new.start
        part = slice(self._count, self._count + len(rows))
        self._reserve(part.stop)
        # Clipping, which no row needs, spares a copy: touching new memory is what takes longest here.
        self._latents.points.take(rows, axis=0, out=self._points[part], mode="clip")
        self._store.number.view(np.int32).take(rows, out=self._parents[part], mode="clip")
        if self._count:
            self._rows[part] = rows
        else:
            self._rows = rows
        self._free[part] = True
        self._count, self._seen = part.stop, new.stop
        self._checksum.points = self.points

    def _begin(self, *chosen: NDArray[np.float32]) -> None:
        """Take up what is kept of the distances to these promoted frames and starts."""
        files = self._files or (None, None)
        self.promoted, self.started = (
            Reach(self.points) if file is None else _recalled(file, self._checksum, points)
            for file, points in zip(files, chosen, strict=True)
        )

    def _mark(self, rows: NDArray[np.int64]) -> None:
        places = np.searchsorted(self.rows, rows)
        inside = places < self._count
        places, rows = places[inside], rows[inside]
        self._free[places[self._rows[places] == rows]] = False

    def _reserve(self, count: int) -> None:
        if count <= len(self._free):
            return
        size = max(count, len(self._free) * 5 // 4)
        self._points = _grown(self._points, self._count, size)
        self._rows = _grown(self._rows, self._count, size)
        self._parents = _grown(self._parents, self._count, size)
        self._free = _grown(self._free, self._count, size)


def _recalled(file: ReachFile, table: RowsChecksum, chosen: NDArray[np.float32]) -> Reach:
    """Begin with what a file says of the distances to these chosen points, whatever their order was then."""
    known = file.read(table)
    if known is None:
        return Reach(table.points)
    missing = Counter(map(bytes, np.ascontiguousarray(chosen, np.float32)))
    missing.subtract(map(bytes, known.chosen))
    if min(missing.values(), default=0) < 0:
        log.warning("%s knows chosen points that are none, and is not used", file.path)
        return Reach(table.points)
    reach = Reach.recalled(table.points, known.chosen, known.bounds, known.applied)
    rest = [np.frombuffer(point, np.float32) for point in missing.elements()]
    if rest:
        reach.add(np.array(rest))
    return reach


def _grown(array: NDArray[Any], used: int, size: int) -> NDArray[Any]:
    grown = np.empty((size, *array.shape[1:]), array.dtype)
    grown[:used] = array[:used]
    return grown
