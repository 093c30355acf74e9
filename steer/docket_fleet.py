"""The fleet over docket: one queue (docket) a kind of job, on Redis Streams, with leases.

The coordinator only adds, cancels and looks; workers do the rest (`steer.worker`). What a job came to does not travel
through docket but as an event in a stream of its own, which keeps it until the coordinator has written it down. An
event can come twice, when a worker dies between telling and leaving the queue: count by key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from docket.execution import TaskCall
from redis.exceptions import RedisError, ResponseError

import steer
from steer.connection import Connection, connect, server_errors
from steer.exceptions import JobError, ServerError
from steer.fleet import Capacity
from steer.fleet_keys import FleetKeys
from steer.job_docket import TASK, JobDocket
from steer.jobs.registry import kind_of
from steer.loop_thread import LoopThread
from steer.messages import (
    KINDS,
    UNREADABLE,
    Job,
    JobEvent,
    JobProgress,
    Refusal,
    WorkerInfo,
    decode_event,
    encode,
)
from steer.refusals import RefusalBook

__all__ = ["DocketFleet"]

log = logging.getLogger(__name__)

_GROUP = "coordinator"
_AT_ONCE = 1_000
_LONGEST_WAIT = 5.0

_WORKERS_AT_ONCE = 100
"""Workers whose announcements are worth reading at every call of `capacity`."""

_TRIES = 4

_T = TypeVar("_T")


class DocketFleet:
    """A `Fleet` of worker daemons that meet on a Redis server.

    Every method raises `ServerError` while the server is away. Nothing is lost by that: jobs go on, and calling again
    later is harmless.

    Parameters
    ----------
    url : str
        Redis URL with credentials.
    campaign : str
        Name of the campaign, which all its keys begin with.
    directory : Path, optional
        The campaign directory, announced to workers with the version of this package.
    kinds : sequence of str
        Kinds of job.

    Raises
    ------
    EnvironmentNotReady
        When pydocket has another version than the pinned one.
    ServerError
        When the server cannot be reached.
    """

    def __init__(
        self, url: str, campaign: str, directory: Path | None = None, kinds: Sequence[str] = KINDS
    ) -> None:
        connection = Connection.parse(url)
        self._keys, self._kinds, self._directory = FleetKeys(campaign), tuple(kinds), directory
        self._client: Any = connect(connection, name="coordinator")
        self._dockets = {kind: JobDocket(connection.url, campaign, kind) for kind in kinds}
        self._stack = AsyncExitStack()
        self._out: set[str] = set()
        self._replayed = False
        self._warned: set[str] = set()
        self._capacity: Capacity | None = None
        self._capacity_age = self._capacity_keeps = 0
        self._refused = RefusalBook(self._client, self._keys)
        self._loop = LoopThread(f"fleet of {campaign}")
        try:
            self._loop.call(self._open())
            if directory is not None:
                self.announce(directory)
        except BaseException:
            self.close()
            raise

    async def _open(self) -> None:
        for docket in self._dockets.values():
            await self._stack.enter_async_context(docket)

    # -- the campaign -------------------------------------------------------------------------------------------

    def announce(self, directory: Path) -> None:
        """Tell workers where the campaign is, and for which version of this package."""
        meta = {"directory": str(directory.resolve()), "version": steer.__version__, "state": "open"}
        with server_errors("announcing the campaign"):
            self._client.hset(self._keys.meta, mapping=meta)

    def finish(self) -> None:
        """Tell workers that the campaign is over: they leave."""
        with server_errors("ending the campaign"):
            self._client.hset(self._keys.meta, "state", "finished")

    # -- jobs ---------------------------------------------------------------------------------------------------

    def submit(self, *jobs: Job) -> None:
        """Queue jobs under their keys, many in one round trip; a key already queued or running is left alone."""
        for kind, docket in self._dockets.items():
            calls = [docket.call(TASK, key=job.key)(encode(job)) for job in jobs if kind_of(job) == kind]
            if calls:
                self._call("submitting jobs", lambda docket=docket, calls=calls: _add(docket, calls))  # type: ignore[misc]

    def cancel(self, key: str) -> None:
        """Take a queued job out, or end a running one. Unknown keys are ignored."""
        for kind in self._kinds_of([key]):
            docket = self._dockets[kind]
            self._call("cancelling a job", lambda docket=docket: docket.cancel(key))  # type: ignore[misc]

    def known(self) -> set[str]:
        """Keys of the jobs queued or running, those included that run on a worker while their queue was lost.

        Who asks wants to make good what the server has lost; so the campaign is announced again, too.
        """
        if self._directory is not None:
            self.announce(self._directory)
        keys: set[str] = set()
        with server_errors("listing jobs"):
            for kind in self._kinds:
                for _, message in self._pages(self._keys.stream(kind)):
                    if b"key" in message:
                        keys.add(_text(message[b"key"]))
                keys.update(_text(key) for key in self._client.zrange(self._keys.parked(kind), 0, -1))
        return keys.union(*(worker.busy for worker in self.workers()))

    def _kinds_of(self, keys: Iterable[str]) -> list[str]:
        """Queues that may hold these keys: those that the keys begin with, all of them for a foreign key."""
        named = [kind for kind in self._kinds if any(key.startswith(f"{kind}:") for key in keys)]
        return named or list(self._kinds)

    def _pages(self, stream: str) -> Iterable[tuple[bytes, dict[bytes, bytes]]]:
        start = "-"
        while page := self._client.xrange(stream, start, "+", _AT_ONCE):
            yield from page
            start = f"({_text(page[-1][0])}"

    def _call(self, what: str, make: Callable[[], Awaitable[_T]]) -> _T:
        async def work() -> _T:
            return await make()

        for attempt in range(_TRIES):
            try:
                return self._loop.call(work())
            except (RedisError, TimeoutError) as error:
                if attempt == _TRIES - 1:
                    raise ServerError(f"While {what}: Redis cannot be used: {error}.") from error
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    # -- events -------------------------------------------------------------------------------------------------

    def events(self, timeout: float = 0.0) -> list[tuple[str, JobEvent]]:
        """Finished attempts that were not acknowledged yet, oldest first, each with a receipt."""
        try:
            with server_errors("reading job events"):
                entries = self._read_events(timeout)
        except ServerError:
            self._replayed = False
            raise
        return list(self._decoded(entries))

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """These events are in the journal; never deliver them again."""
        if not receipts:
            return
        with server_errors("acknowledging job events"), self._client.pipeline(transaction=True) as pipeline:
            pipeline.xack(self._keys.events, _GROUP, *receipts)
            pipeline.xdel(self._keys.events, *receipts)
            pipeline.execute()
        self._out.difference_update(receipts)

    def _read_events(self, timeout: float) -> list[tuple[bytes, dict[bytes, bytes]]]:
        self._make_group()
        if not self._replayed:
            own = [entry for entry in self._own_events() if _text(entry[0]) not in self._out]
            self._replayed = True
            if own:
                return own
        block = int(min(timeout, _LONGEST_WAIT) * 1000) or None
        answer = self._client.xreadgroup(
            _GROUP, _GROUP, {self._keys.events: ">"}, count=_AT_ONCE, block=block
        )
        return [entry for _, entries in _streams(answer) for entry in entries]

    def _own_events(self) -> Iterable[tuple[bytes, dict[bytes, bytes]]]:
        start = "0"
        while True:
            answer = self._client.xreadgroup(_GROUP, _GROUP, {self._keys.events: start}, count=_AT_ONCE)
            page = [entry for _, entries in _streams(answer) for entry in entries]
            if not page:
                return
            yield from page
            start = _text(page[-1][0])

    def _make_group(self) -> None:
        try:
            self._client.xgroup_create(self._keys.events, _GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _decoded(self, entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> Iterable[tuple[str, JobEvent]]:
        for receipt, fields in entries:
            name = _text(receipt)
            try:
                event = decode_event((fields or {}).get(b"event", b""))
            except JobError as error:
                self._reject(name, str(error))
                continue
            self._out.add(name)
            yield name, event

    def _reject(self, receipt: str, reason: str) -> None:
        log.warning("job event %s is refused: %s", receipt, reason)
        with server_errors("refusing a job event"):
            entry = {"stream": self._keys.events, "id": receipt, "reason": reason}
            self._client.xadd(self._keys.rejected, entry, maxlen=1000)
        self.acknowledge([receipt])

    # -- workers ------------------------------------------------------------------------------------------------

    def workers(self) -> list[WorkerInfo]:
        """Attached workers of our version, by name."""
        return [worker for worker in self._announced() if self._accepts(worker)]

    def progress(self) -> Collection[JobProgress]:
        """How far the running jobs are."""
        with server_errors("reading progress"):
            names = self._worker_names()
            texts = self._client.mget([self._keys.progress(name) for name in names]) if names else []
        return [line for text in texts if text for line in _decode(text, list[JobProgress], [])]

    def refusals(self) -> Sequence[Refusal]:
        """Workers that were not let in lately, by name; one that comes in later is no longer among them."""
        with server_errors("reading refusals"):
            return self._refused.read()

    def capacity(self) -> Capacity:
        """Slots of the attached workers; when there are very many, as they were a few calls ago."""
        self._capacity_age += 1
        if self._capacity is None or self._capacity_age > self._capacity_keeps:
            workers = self.workers()
            kinds = {kind: sum(w.slots for w in workers if kind in w.kinds) for kind in self._kinds}
            self._capacity = Capacity(sum(worker.slots for worker in workers), kinds)
            self._capacity_age, self._capacity_keeps = 0, len(workers) // _WORKERS_AT_ONCE
        return self._capacity

    def close(self) -> None:
        """Release connections. Jobs go on."""
        try:
            self._loop.call(self._stack.aclose())
        except (RedisError, TimeoutError) as error:
            log.warning("the queues could not be closed in order: %s", error)
        finally:
            self._loop.close()
            self._client.close()

    def _worker_names(self) -> list[str]:
        return sorted(_text(name) for name in self._client.smembers(self._keys.workers))

    def _announced(self) -> Iterable[WorkerInfo]:
        with server_errors("listing workers"):
            names = self._worker_names()
            texts = self._client.mget([self._keys.worker(name) for name in names]) if names else []
            gone = [name for name, text in zip(names, texts, strict=True) if text is None]
            if gone:
                self._client.srem(self._keys.workers, *gone)
        found = [_decode(text, WorkerInfo, None) for text in texts if text]
        return [worker for worker in found if worker is not None]

    def _accepts(self, worker: WorkerInfo) -> bool:
        if worker.version == steer.__version__:
            return True
        if worker.name not in self._warned:
            self._warned.add(worker.name)
            log.warning(
                "worker %s runs steer %s, this coordinator %s: it gets no jobs until both are the same",
                worker.name,
                worker.version,
                steer.__version__,
            )
        return False


async def _add(docket: JobDocket, calls: Sequence[TaskCall]) -> None:
    for execution in await docket.add_many(calls):
        if execution.schedule_exception is not None:
            raise execution.schedule_exception


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _streams(answer: Any) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
    """Streams of an XREADGROUP answer, which is a dict in RESP3 and a list in RESP2."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [(name, [entry for page in pages for entry in page]) for name, pages in answer.items()]
    return list(answer)


def _decode(text: bytes, kind: Any, otherwise: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except UNREADABLE as error:
        log.warning("an announcement of a worker cannot be read: %s", error)
        return otherwise
