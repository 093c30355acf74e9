"""Latent points of all stored frames, of one model version, growing as frames arrive."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from steer.latentfile import BLOCK, LatentFile, LatentRows

if TYPE_CHECKING:
    from models.protocols import LatentModel

__all__ = ["LatentTable"]

log = logging.getLogger(__name__)

ENCODED_AT_ONCE = 1_024
"""Frames whose positions lie in memory together: they stay in the processor's cache from one step to the next."""

RECENT = 50_000
"""Frames at most by which drift is judged, the newest."""


class _Frames(Protocol):
    def __len__(self) -> int: ...

    def positions(self, rows: slice) -> NDArray[np.float32]:
        """Bead positions, shape (n, n_beads, 3), nm."""


class LatentTable:
    """Encodes the rows of a frame store in order, a bounded number at a time, and keeps points and decode errors.

    A table belongs to one model version. After a retraining a second one catches up beside the first, while ingest
    goes on, and takes its place when it is level: no decision mixes versions.

    Parameters
    ----------
    model : LatentModel
    frames : FrameStore
    sanity : callable, optional
        Which frames, shape (n, n_beads, 3), are sane, shape (n,), bool. Absent: all are.
    file : LatentFile, optional
        Where points are kept from one start to the next; begins with what is there.
    """

    def __init__(
        self,
        model: LatentModel,
        frames: _Frames,
        sanity: Callable[[NDArray[np.float32]], NDArray[np.bool_]] | None = None,
        file: LatentFile | None = None,
    ) -> None:
        self.model = model
        self._frames, self._sanity, self._file = frames, sanity, file
        self._rows = LatentRows.empty(1024, model.n_latents)
        self._count = 0
        self._holes: list[int] = []
        if file is not None:
            self._rows, self._count, self._holes = file.load(len(frames), len(frames) // 8 + 1024)
        self._kept = self._count

    def __len__(self) -> int:
        return self._count

    @property
    def points(self) -> NDArray[np.float32]:
        """Latent points, shape (n, n_latents), row by row as in the frame store."""
        return self._rows.points[: self._count]

    @property
    def errors(self) -> NDArray[np.float32]:
        """Decode errors, shape (n,)."""
        return self._rows.errors[: self._count]

    @property
    def sane(self) -> NDArray[np.bool_]:
        """Which frames pass the sanity filter, shape (n,)."""
        return self._rows.sane[: self._count]

    @property
    def level(self) -> bool:
        """Whether every stored frame is encoded."""
        return self._count == len(self._frames) and not self._holes

    @property
    def holes(self) -> int:
        """Damaged blocks of the file that are still to be encoded again."""
        return len(self._holes)

    @property
    def is_kept(self) -> bool:
        """Whether whole blocks are written to the file: no longer, once the disk refused one."""
        return self._file is not None and not self._file.read_only

    def advance(self, rows: int) -> int:
        """Encode up to `rows` further frames, damaged blocks of the file first; returns how many were."""
        repaired = self._fill_holes(rows)
        stop = min(len(self._frames), self._count + rows - repaired)
        count = max(0, stop - self._count)
        if count:
            self._reserve(stop)
            self._encode(self._count, stop)
            self._count = stop
            self._keep()
        return repaired + count

    def drift(self, trained: int) -> float:
        """Mean decode error of the frames after the first `trained`, over that of the frames held out in training.

        Returns 1.0 while there are none, or the model does not say.
        """
        new = self.errors[trained:][-RECENT:]
        reference = self.model.statistics().get("validation_decode_error")
        return float(new.mean()) / reference if len(new) and reference else 1.0

    def _encode(self, start: int, stop: int) -> None:
        for first in range(start, stop, ENCODED_AT_ONCE):
            rows = slice(first, min(stop, first + ENCODED_AT_ONCE))
            positions = self._frames.positions(rows)
            self._rows.points[rows], self._rows.errors[rows] = self.model.encode_with_errors(positions)
            self._rows.sane[rows] = True if self._sanity is None else self._sanity(positions)

    def _fill_holes(self, rows: int) -> int:
        holes = self._holes[: max(1, rows // BLOCK)]
        for start in holes:
            self._encode(start, start + BLOCK)
            self._write(start, start + BLOCK)
        self._holes = self._holes[len(holes) :]
        return BLOCK * len(holes)

    def _keep(self) -> None:
        """Write the blocks that have become whole."""
        whole = self._count // BLOCK * BLOCK
        if whole > self._kept:
            self._write(self._kept, whole)
            self._kept = whole

    def _write(self, start: int, stop: int) -> None:
        if self._file is None or not self.is_kept:
            return
        block = LatentRows(*(array[start:stop] for array in self._rows.arrays()))
        try:
            self._file.write(start, block)
        except OSError as error:
            log.warning(
                "%s: latent points are not kept, which makes the next start slower: %s",
                self._file.directory,
                error,
            )
            self._file = None

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._rows.points):
            return
        grown = LatentRows.empty(max(rows, 2 * len(self._rows.points)), self.model.n_latents)
        for new, old in zip(grown.arrays(), self._rows.arrays(), strict=True):
            new[: self._count] = old[: self._count]
        self._rows = grown
