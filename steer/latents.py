"""Latent points of all stored frames, of one model version, growing as frames arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.protocols import LatentModel

__all__ = ["LatentTable"]


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
    """

    def __init__(self, model: LatentModel, frames: _Frames) -> None:
        self.model = model
        self._frames = frames
        self._points = np.empty((1024, model.n_latents), np.float32)
        self._errors = np.empty(1024, np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def points(self) -> NDArray[np.float32]:
        """Latent points, shape (n, n_latents), row by row as in the frame store."""
        return self._points[: self._count]

    @property
    def errors(self) -> NDArray[np.float32]:
        """Decode errors, shape (n,)."""
        return self._errors[: self._count]

    @property
    def level(self) -> bool:
        """Whether every stored frame is encoded."""
        return self._count == len(self._frames)

    def advance(self, rows: int) -> int:
        """Encode up to `rows` further frames; returns how many were."""
        stop = min(len(self._frames), self._count + rows)
        count = stop - self._count
        if count <= 0:
            return 0
        positions = self._frames.positions(slice(self._count, stop))
        self._reserve(stop)
        self._points[self._count : stop] = self.model.encode(positions)
        self._errors[self._count : stop] = self.model.decode_error(positions)
        self._count = stop
        return count

    def drift(self, trained: int) -> float:
        """Mean decode error of the frames after the first `trained`, over that of the frames held out in training.

        Returns 1.0 while there are none, or the model does not say.
        """
        new = self.errors[trained:][-RECENT:]
        reference = self.model.statistics().get("validation_decode_error")
        return float(new.mean()) / reference if len(new) and reference else 1.0

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._points):
            return
        size = max(rows, 2 * len(self._points))
        self._points = np.concatenate(
            [self._points, np.empty((size - len(self._points), self._points.shape[1]), np.float32)]
        )
        self._errors = np.concatenate([self._errors, np.empty(size - len(self._errors), np.float32)])
