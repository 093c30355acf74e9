"""Frames over Redis Streams: one stream a campaign, one consumer group, acknowledged when durable.

Keys: ``<campaign>:frames`` and ``<campaign>:frames:dead``. An entry has one field, ``frame``; a dead one also
``reason`` and ``id``. An acknowledged entry is deleted, so that the server holds what is under way and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from steer.connection import server_errors

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["DEAD_LETTERS", "RedisFramePublisher", "RedisFrameStream"]

log = logging.getLogger(__name__)

DEAD_LETTERS = 10_000
"""Dead letters kept, about; older ones are dropped."""

_FIELD = b"frame"
_AT_ONCE = 1_000
_LONGEST_WAIT = 5.0


class RedisFramePublisher:
    """A `FramePublisher` on Redis: what a worker needs, and may do.

    Parameters
    ----------
    client : redis.Redis
    campaign : str
        Name of the campaign.
    """

    def __init__(self, client: Redis, campaign: str) -> None:
        self._client = client
        self.key = f"{campaign}:frames"

    def publish(self, messages: Sequence[bytes]) -> None:
        """Append encoded frames, in order, in one round trip.

        Raises
        ------
        ServerError
            When the server cannot be reached or refuses; publishing all of them again is harmless.
        """
        with server_errors("publishing frames"), self._client.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.xadd(self.key, {_FIELD: message})
            pipeline.execute()

    def backlog(self) -> int:
        """Messages that are not acknowledged yet."""
        with server_errors("counting frames"):
            return int(self._client.xlen(self.key))

    def close(self) -> None:
        """Release connections."""
        self._client.close()


class RedisFrameStream(RedisFramePublisher):
    """A `FrameStream` on Redis: what the coordinator needs.

    Parameters
    ----------
    client : redis.Redis
    campaign : str
        Name of the campaign.
    consumer : str
        Name of this reader. A restarted one with the same name goes on where it was.
    group : str
        Readers of one group share the messages.
    claim_after : float
        Messages that a reader of the group has held for this many seconds are taken over: it is gone.
    """

    def __init__(
        self,
        client: Redis,
        campaign: str,
        consumer: str = "coordinator",
        group: str = "coordinator",
        claim_after: float = 60.0,
    ) -> None:
        super().__init__(client, campaign)
        self._group, self._consumer, self._claim_after = group, consumer, claim_after
        self._replay_from: str | None = "0"
        self._claim_at = 0.0
        self._group_made = False

    def read(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        """Up to `count` messages with their ids; waits up to `timeout` seconds for the first.

        First come the messages that this consumer had read but not acknowledged, after a restart or an outage; then
        those that another consumer of the group left behind; then new ones.

        Raises
        ------
        ServerError
            While the server is away.
        """
        try:
            with server_errors("reading frames"):
                self._make_group()
                return self._read_own(count) or self._claim(count) or self._read_new(count, timeout)
        except Exception:
            self._replay_from, self._claim_at, self._group_made = "0", 0.0, False
            raise

    def acknowledge(self, ids: Sequence[str]) -> None:
        """These messages are durable in the campaign directory; drop them.

        Raises
        ------
        ServerError
            While the server is away: they will be delivered again, and recognised.
        """
        with server_errors("acknowledging frames"):
            for start in range(0, len(ids), _AT_ONCE):
                self._drop(ids[start : start + _AT_ONCE])

    def set_aside(self, id: str, message: bytes, reason: str) -> None:
        """Move a message that is no frame of ours to the dead-letter stream, and acknowledge it."""
        letter: Any = {_FIELD: message, b"reason": reason.encode(), b"id": id.encode()}
        with server_errors("setting a message aside"), self._client.pipeline(transaction=True) as pipeline:
            pipeline.xadd(f"{self.key}:dead", letter, maxlen=DEAD_LETTERS, approximate=True)
            pipeline.xack(self.key, self._group, id)
            pipeline.xdel(self.key, id)
            pipeline.execute()

    def dead(self) -> int:
        """Messages in the dead-letter stream."""
        with server_errors("counting dead letters"):
            return int(self._client.xlen(f"{self.key}:dead"))

    def _make_group(self) -> None:
        from redis.exceptions import ResponseError

        if self._group_made:
            return
        try:
            self._client.xgroup_create(self.key, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._group_made = True

    def _read_own(self, count: int) -> list[tuple[str, bytes]]:
        if self._replay_from is None:
            return []
        found = self._read_group(self._replay_from, count, block=None)
        self._replay_from = _text(found[-1][0]) if found else None
        return self._present(found)

    def _claim(self, count: int) -> list[tuple[str, bytes]]:
        if time.monotonic() < self._claim_at:
            return []
        idle = round(1000 * self._claim_after)
        answer: Any = self._client.xautoclaim(
            self.key, self._group, self._consumer, min_idle_time=idle, count=count
        )
        found = self._present(answer[1])
        if found:
            log.info("%d frame messages that a reader had left are read again", len(found))
        else:
            self._claim_at = time.monotonic() + self._claim_after / 2
        return found

    def _read_new(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        deadline = time.monotonic() + timeout
        while True:
            wait = min(deadline - time.monotonic(), _LONGEST_WAIT)
            found = self._read_group(">", count, block=max(1, round(1000 * wait)) if wait > 0 else None)
            if found or time.monotonic() >= deadline:
                return self._present(found)

    def _read_group(self, start: str, count: int, block: int | None) -> list[tuple[bytes, Any]]:
        answer: Any = self._client.xreadgroup(
            self._group, self._consumer, {self.key: start}, count=count, block=block
        )
        if isinstance(answer, dict):
            return [entry for batches in answer.values() for batch in batches for entry in batch]
        return [entry for _, batch in answer or () for entry in batch]

    def _present(self, entries: Iterable[tuple[bytes, Any]]) -> list[tuple[str, bytes]]:
        """Messages of entries; one that was deleted under its reader is acknowledged and forgotten."""
        found, gone = [], []
        for id, fields in entries:
            if fields:
                found.append((_text(id), _message(fields)))
            elif id:
                gone.append(_text(id))
        if gone:
            self._drop(gone)
        return found

    def _drop(self, ids: Sequence[str]) -> None:
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.xack(self.key, self._group, *ids)
            pipeline.xdel(self.key, *ids)
            pipeline.execute()


def _message(fields: dict[bytes, bytes]) -> bytes:
    """The message of an entry; all there is, when somebody else wrote it."""
    if set(fields) == {_FIELD}:
        return fields[_FIELD]
    return b" ".join(part for item in sorted(fields.items()) for part in item)


def _text(id: bytes | str) -> str:
    return id.decode() if isinstance(id, bytes) else id
