"""The gate between docket and Redis: a job is read only into a free slot, and only when it is well-formed.

docket's worker reads jobs through the client it is given; this client reads one job at a time, after reserving a slot
for it, so that several queues share the slots of one worker and no job waits in a worker that is busy. It also keeps
leases honestly. docket renews a lease by claiming the message, whoever holds it; here a message that another worker
has taken over is left to it. After an outage of Redis the messages that are still ours come back first, and other
workers' messages are not touched before those had the time of one lease to come back too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import ResponseError

from steer.exceptions import JobError
from steer.jobs.registry import kind_of
from steer.messages import decode_job
from steer.slots import Slot, SlotPool

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Gate", "GateKeeper", "admissible"]

log = logging.getLogger(__name__)

Message = dict[bytes, bytes]
Entry = tuple[bytes, Message]

_FIELDS = (b"key", b"when", b"function", b"args", b"kwargs", b"attempt", b"generation")
_OWN_AT_ONCE = 1_000

_RETURN = 3.0
"""s that a worker needs to notice that Redis is back."""

_TURN = 1.0
"""s to wait for a slot before claiming what another worker left: the other queues hold slots while they look."""

_RENEW = """
local lost = {}
for i = 3, #ARGV do
  local entry = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  if entry and entry[2] == ARGV[2] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', 0, 'JUSTID')
  elseif entry then
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
"""


class GateKeeper(Protocol):
    """Whoever owns a gate."""

    def reserve(self, message: bytes, slot: Slot) -> None:
        """This slot is for the job in this message."""

    def holds(self, key: str) -> bool:
        """Whether this job runs here already, and needs no slot."""

    def lost(self, messages: Sequence[bytes]) -> None:
        """These messages are another worker's now."""


def admissible(message: Message, kind: str, task: str) -> str:
    """Key of the job in a queue's message.

    Raises
    ------
    JobError
        When the message is not one that our coordinator writes.
    """
    from steer.docket_codec import JsonCodec

    try:
        arguments, named = JsonCodec.loads(message[b"args"]), JsonCodec.loads(message[b"kwargs"])
        key, function = message[b"key"].decode(), message[b"function"].decode()
        int(message[b"attempt"]), int(message[b"generation"])
        datetime.fromisoformat(message[b"when"].decode())
    except (KeyError, ValueError) as error:
        raise JobError(f"The message is not one of a job queue: {error}") from error
    if function != task or named or not isinstance(arguments, tuple) or len(arguments) != 1:
        raise JobError(f"The message asks for something else than {task!r} with one argument.")
    if not isinstance(arguments[0], str):
        raise JobError("The argument is not the text of a job.")
    job = decode_job(arguments[0])
    if job.key != key or kind_of(job) != kind:
        raise JobError(
            f"A {kind_of(job)} job {job.key!r} stands under the key {key!r} of the queue {kind!r}."
        )
    return key


class Gate:
    """Stands for docket's Redis client during one connection of one queue.

    Parameters
    ----------
    client : redis.asyncio.Redis
    pool : SlotPool
    keeper : GateKeeper
    kind : str
        Kind of job in this queue.
    task : str
        Name of the only task.
    lease : float
        Seconds for which a job is a worker's without renewal.
    rejected : str
        Stream for messages that are refused.
    """

    def __init__(
        self,
        client: Redis,
        pool: SlotPool,
        keeper: GateKeeper,
        kind: str,
        task: str,
        lease: float,
        rejected: str,
    ) -> None:
        self._client: Any = client
        self._pool, self._keeper = pool, keeper
        self._kind, self._task, self._rejected = kind, task, rejected
        self._quiet = lease + _RETURN
        self._since: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def xreadgroup(
        self, groupname: str, consumername: str, streams: dict[str, str], block: int, count: int
    ) -> list[tuple[bytes, list[Entry]]]:
        """One new job, when a slot is free; before that, once, those that are ours from an earlier connection."""
        stream = next(iter(streams))
        if self._since is None:
            own = await self._take_own(stream, groupname, consumername)
            self._since = time.monotonic()
            if own:
                return [(stream.encode(), own)]
        return await self._into_slot(
            block / 1000,
            lambda: self._client.xreadgroup(
                groupname=groupname, consumername=consumername, streams=streams, block=block, count=1
            ),
            stream,
            groupname,
        )

    async def xautoclaim(
        self, name: str, groupname: str, consumername: str, min_idle_time: int, start_id: str, count: int
    ) -> tuple[bytes, list[Entry]]:
        """One job that another worker left behind, when a slot is free."""
        if self._since is None or time.monotonic() - self._since < self._quiet:
            return b"0-0", []
        cursor = [b"0-0"]

        async def claim() -> list[tuple[bytes, list[Entry]]]:
            answer = await self._client.xautoclaim(
                name=name,
                groupname=groupname,
                consumername=consumername,
                min_idle_time=min_idle_time,
                start_id=start_id,
                count=1,
            )
            cursor[0] = answer[0]
            return [(name.encode(), answer[1])]

        response = await self._into_slot(_TURN, claim, name, groupname)
        return cursor[0], [entry for _, entries in response for entry in entries]

    async def xclaim(
        self, name: str, groupname: str, consumername: str, message_ids: Sequence[bytes], **_: Any
    ) -> None:
        """Renew the leases that are still ours."""
        lost = await self._client.eval(_RENEW, 1, name, groupname, consumername, *message_ids)
        if lost:
            self._keeper.lost(lost)

    async def _into_slot(
        self, timeout: float, read: Callable[[], Any], stream: str, group: str
    ) -> list[tuple[bytes, list[Entry]]]:
        slot = await self._pool.acquire(timeout)
        if slot is None:
            return []
        reserved = False
        try:
            response = await read()
            for _, entries in response or []:
                for message_id, message in entries:
                    if message and await self._admit(stream, group, message_id, message):
                        self._keeper.reserve(message_id, slot)
                        reserved = True
                        return [(stream.encode(), [(message_id, _ours(message))])]
            return []
        finally:
            if not reserved:
                self._pool.give(slot)

    async def _take_own(self, stream: str, group: str, consumer: str) -> list[Entry]:
        """Messages that an earlier connection of this worker read, as far as slots go; they are ours to continue."""
        try:
            pending = await self._client.xpending_range(stream, group, "-", "+", _OWN_AT_ONCE, consumer)
        except ResponseError as error:
            if "NOGROUP" in str(error):
                return []
            raise
        if not pending:
            return []
        await self.xclaim(stream, group, consumer, [entry["message_id"] for entry in pending])
        answer = await self._client.xreadgroup(group, consumer, {stream: "0"}, count=_OWN_AT_ONCE)
        taken = []
        for _, entries in answer or []:
            for message_id, message in entries:
                if not message or not await self._admit(stream, group, message_id, message):
                    continue
                if await self._has_room(message_id, message):
                    taken.append((message_id, _ours(message)))
        return taken

    async def _has_room(self, message_id: bytes, message: Message) -> bool:
        if self._keeper.holds(message[b"key"].decode()):
            return True
        slot = await self._pool.acquire(_TURN)
        if slot is None:
            return False
        self._keeper.reserve(message_id, slot)
        return True

    async def _admit(self, stream: str, group: str, message_id: bytes, message: Message) -> bool:
        try:
            admissible(message, self._kind, self._task)
        except JobError as error:
            log.warning("message %s in %s is refused: %s", message_id.decode(), stream, error)
            async with self._client.pipeline(transaction=True) as pipeline:
                pipeline.xadd(
                    self._rejected,
                    {"stream": stream, "id": message_id, "reason": str(error)},
                    maxlen=1000,
                )
                pipeline.xack(stream, group, message_id)
                pipeline.xdel(stream, message_id)
                await pipeline.execute()
            return False
        return True


def _ours(message: Message) -> Message:
    """The fields that docket needs, and none that it might make something of."""
    return {field: message[field] for field in _FIELDS}
