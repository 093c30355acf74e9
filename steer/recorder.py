"""Keeps the campaign's numbers in ``metrics.csv`` while they are shown to somebody else."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING

from steer.metrics import MetricsLog, Snapshot

if TYPE_CHECKING:
    from steer.framereader import FrameReader
    from steer.observer import Observer
    from steer.status import Status

__all__ = ["Recorder", "recent_latency"]

log = logging.getLogger(__name__)

RECENT = 2_000
"""Frames by which the latency is told."""


class Recorder:
    """An observer of the coordinator that writes its numbers down and passes everything on.

    A disk that refuses is told once: numbers for plots never stop a campaign.

    Parameters
    ----------
    path : Path
        ``metrics.csv``.
    frames : FrameReader
        For the latency of the latest frames.
    observer : Observer
        Who is told next.
    """

    def __init__(self, path: Path, frames: FrameReader, observer: Observer) -> None:
        self._log, self._frames, self._observer = MetricsLog(path), frames, observer
        self._refused = False

    def event(self, text: str) -> None:
        """Something happened."""
        self._observer.event(text)

    def update(self, status: Status) -> None:
        """Write a line when it is time; always at the end."""
        if self._log.due or status.phase != "running":
            self._record(status)
        self._observer.update(status)

    def _record(self, status: Status) -> None:
        try:
            self._log.append(Snapshot(status, recent_latency(self._frames)))
        except OSError as error:
            if not self._refused:
                log.warning("%s cannot be written (%s); the campaign goes on.", self._log.path, error)
            self._refused = True


def recent_latency(frames: FrameReader) -> tuple[float, float]:
    """Median and 99th percentile of the latency of the latest frames, s; NaN without frames."""
    from steer.coverage.latency import frame_latency

    count = len(frames)
    if not count:
        return math.nan, math.nan
    records = frames.records(slice(max(0, count - RECENT), count))
    latency = frame_latency(records["published"], records["received"], intervals=1)
    return latency.p50, latency.p99
