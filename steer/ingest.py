"""Ingest: from the stream to durable rows. A frame is acknowledged only after it is on disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steer.exceptions import FrameError
from steer.frames import Frame, decode_many

if TYPE_CHECKING:
    from steer.framestore import FrameStore
    from steer.stream import FrameStream

__all__ = ["Ingest", "IngestCounts"]

log = logging.getLogger(__name__)


@dataclass
class IngestCounts:
    """What ingest has seen since this coordinator started."""

    stored: int = 0
    duplicates: int = 0
    set_aside: int = 0


class Ingest:
    """Moves messages from a stream into the frame store.

    Parameters
    ----------
    stream : FrameStream
    store : FrameStore
    campaign : str
        Frames of other campaigns are foreign.
    n_beads : int
        Frames of another size are foreign.
    known : callable
        Whether a simulation id is one the journal knows.
    """

    def __init__(
        self,
        stream: FrameStream,
        store: FrameStore,
        campaign: str,
        n_beads: int,
        known: Callable[[str], bool],
    ) -> None:
        self.counts = IngestCounts()
        self._stream, self._store, self._campaign, self._n_beads = stream, store, campaign, n_beads
        self._known = known

    def pump(self, count: int, timeout: float) -> int:
        """Read, check, store and acknowledge up to `count` messages; returns how many were read."""
        messages = self._stream.read(count, timeout)
        frames: list[Frame] = []
        good: list[str] = []
        decoded = decode_many([message for _, message in messages])
        for (id, message), frame in zip(messages, decoded, strict=True):
            try:
                frames.append(self._check(frame))
            except FrameError as error:
                log.warning("frame message %s set aside: %s", id, error)
                self._stream.set_aside(id, message, str(error))
                self.counts.set_aside += 1
            else:
                good.append(id)
        if frames:
            stored = len(self._store.append(frames))
            self.counts.stored += stored
            self.counts.duplicates += len(frames) - stored
            self._stream.acknowledge(good)
        return len(messages)

    def _check(self, frame: Frame | FrameError) -> Frame:
        if isinstance(frame, FrameError):
            raise frame
        if frame.campaign != self._campaign:
            raise FrameError(f"it belongs to campaign {frame.campaign!r}, not {self._campaign!r}")
        if len(frame.positions) != self._n_beads:
            raise FrameError(
                f"{frame.simulation} step {frame.step} has {len(frame.positions)} beads, not {self._n_beads}"
            )
        if not self._known(frame.simulation):
            raise FrameError(f"no simulation {frame.simulation!r} was ever started")
        return frame
