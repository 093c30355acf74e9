"""Ingest: from the stream to durable rows. A frame is acknowledged only after it is on disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.exceptions import FrameError
from steer.frames import FrameBatch, decode_batches
from steer.shards import records_of

if TYPE_CHECKING:
    from steer.framestore import FrameStore
    from steer.stream import FrameStream

__all__ = ["Ingest", "IngestCounts"]

log = logging.getLogger(__name__)


LOOKED_AT_ONCE = 2_000
"""Messages read and decoded together: they stay in the processor's cache meanwhile, and Redis answers others between."""


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
        ids: list[str] = []
        parts: list[NDArray[Any]] = []
        read = 0
        while read < count:
            at_once = min(count - read, LOOKED_AT_ONCE)
            messages = self._stream.read(at_once, 0.0 if read else timeout)
            records, good = self._look(messages)
            ids += good
            if good:
                parts.append(records)
            read += len(messages)
            if len(messages) < at_once:
                break
        if ids:
            stored = len(self._store.append_records(np.concatenate(parts)))
            self.counts.stored += stored
            self.counts.duplicates += len(ids) - stored
            self._stream.acknowledge(ids)
        return read

    def _look(self, messages: Sequence[tuple[str, bytes]]) -> tuple[NDArray[Any], list[str]]:
        """Records of the good messages, and their ids; the others are set aside."""
        batches, refused = decode_batches([message for _, message in messages], self._n_beads)
        batches = [self._ours(batch, refused) for batch in batches]
        for place, error in sorted(refused.items()):
            id, message = messages[place]
            log.warning("frame message %s set aside: %s", id, error)
            self._stream.set_aside(id, message, str(error))
            self.counts.set_aside += 1
        records, places = _in_order(batches)
        return records, [messages[place][0] for place in places.tolist()]

    def _ours(self, batch: FrameBatch, refused: dict[int, FrameError]) -> FrameBatch:
        """The frames of this campaign; why the others are none goes into `refused`."""
        unknown = {id for id in set(batch.simulation) if not self._known(id)}
        if not unknown and set(batch.campaign) == {self._campaign}:
            return batch
        ours = np.ones(len(batch), bool)
        for row, place in enumerate(batch.places.tolist()):
            reason = self._objection(batch, row, unknown)
            if reason:
                ours[row], refused[place] = False, FrameError(reason)
        return batch.take(ours)

    def _objection(self, batch: FrameBatch, row: int, unknown: set[str]) -> str:
        simulation = batch.simulation[row]
        if batch.campaign[row] != self._campaign:
            return f"it belongs to campaign {batch.campaign[row]!r}, not {self._campaign!r}"
        if simulation in unknown:
            return f"no simulation {simulation!r} was ever started"
        return ""


def _in_order(batches: list[FrameBatch]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Records of batches in the order of their messages, and which messages those are."""
    now = time.time()
    whole = [batch for batch in batches if len(batch)]
    if not whole:
        return np.empty(0), np.empty(0, np.int64)
    records = [records_of(batch, now) for batch in whole]
    places = np.concatenate([batch.places for batch in whole])
    if len(whole) == 1:
        return records[0], places
    order = np.argsort(places)
    return np.concatenate(records)[order], places[order]
