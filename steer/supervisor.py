"""The jobs of one worker daemon: started, watched, and their ends told to the coordinator, whatever Redis does.

A job lives here from the moment its process starts until its event is in Redis. Queues come and go with connections;
a job does not: it goes on without Redis, and its event waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from redis.exceptions import RedisError

from steer.attempt import Attempt, Outcome, Site
from steer.campaign import CampaignDirectory
from steer.exceptions import JobError, LinkFound
from steer.fleet_keys import FleetKeys
from steer.jobs.folder import read_result
from steer.jobs.registry import job_folder, kind_of
from steer.messages import Job, JobEvent, JobProgress, decode_worker, encode
from steer.room import has_room, lacks_room
from steer.slots import Slot, SlotPool
from steer.strikes import decode_strikes, offered_for

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RunningJob", "Supervisor"]

log = logging.getLogger(__name__)

_RETRY = 1.0
_REMEMBERED = 10_000


@dataclass(eq=False)
class RunningJob:
    """A job that has a process here, or an event still to be delivered.

    Attributes
    ----------
    attempt : Attempt
    message : bytes
        The queue's message that it was started for.
    finished : future of Outcome
        Done when nothing is left to do: the event is in Redis, the slot is free.
    cancelled : bool
        Whether its end is wanted and no event is due.
    """

    attempt: Attempt
    message: bytes
    finished: asyncio.Future[Outcome]
    cancelled: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def ending(self) -> bool:
        """Whether it was asked to end: it will not do the job."""
        return self.cancelled or self.attempt.stopping


class Supervisor:
    """Runs jobs in slots.

    Parameters
    ----------
    site : Site
    pool : SlotPool
        Slots come back to it.
    redis : redis.asyncio.Redis
        For events.
    changed : callable
        Called when a job starts or ends.
    """

    def __init__(self, site: Site, pool: SlotPool, redis: Redis, changed: Callable[[], None]) -> None:
        self._site, self._pool, self._redis, self._changed = site, pool, redis, changed
        self._keys = FleetKeys(site.campaign)
        self._running: dict[str, RunningJob] = {}
        self._deaths: dict[str, tuple[int, float]] = {}
        self._told: OrderedDict[tuple[str, bytes], Outcome] = OrderedDict()

    @property
    def directory(self) -> CampaignDirectory:
        """The campaign directory."""
        return self._site.directory

    @property
    def running(self) -> list[RunningJob]:
        """Jobs by key."""
        return [self._running[key] for key in sorted(self._running)]

    def find(self, key: str) -> RunningJob | None:
        """The job of this key, when it is here."""
        return self._running.get(key)

    def told(self, key: str, message: bytes) -> Outcome | None:
        """How the job of this message ended here, when its event is in Redis already."""
        return self._told.get((key, message))

    def start(self, job: Job, message: bytes, slot: Slot) -> RunningJob:
        """Start the job in a queue's message in a slot, which is the supervisor's from now on."""
        attempt = Attempt(self._site, job, slot)
        running = RunningJob(attempt, message, asyncio.get_running_loop().create_future())
        self._running[job.key] = running
        running.task = asyncio.create_task(self._conduct(running), name=f"job {job.key}")
        self._changed()
        return running

    def progress(self) -> list[JobProgress]:
        """How far the jobs are."""
        now = time.time()
        return [
            JobProgress(
                key=running.attempt.job.key,
                worker=self._site.worker,
                phase=running.attempt.went.phase,
                fraction=running.attempt.went.fraction,
                step=running.attempt.went.step,
                updated=now,
            )
            for running in self.running
        ]

    def supersede(self, key: str) -> None:
        """Another worker has this job now: end it here, and say nothing about it."""
        if running := self._running.get(key):
            log.warning("%s was given to another worker and is ended here", key)
            running.cancelled = True
            running.attempt.stop()

    async def cancel(self, running: RunningJob, grace: float) -> None:
        """End a job that nobody wants any more: first by asking, after `grace` seconds by force."""
        running.cancelled = True
        running.attempt.stop()
        await self._end([running], grace)

    async def stop(self, grace: float) -> None:
        """Have all jobs save their states and end; kill what has not ended after `grace` seconds."""
        for running in self.running:
            running.attempt.stop()
        await self._end(self.running, grace)

    def kill(self) -> None:
        """End all jobs at once."""
        for running in self.running:
            running.attempt.kill()

    async def _end(self, jobs: list[RunningJob], grace: float) -> None:
        if jobs:
            await asyncio.wait([running.finished for running in jobs], timeout=grace)
        for running in jobs:
            if not running.finished.done():
                log.warning("%s did not end within %g s and is killed", running.attempt.job.key, grace)
                running.attempt.kill()
        if jobs:
            await asyncio.wait([running.finished for running in jobs], timeout=10.0)

    async def _conduct(self, running: RunningJob) -> None:
        attempt = running.attempt
        outcome = Outcome("failed", "The worker could not run this job; its own log says why.")
        try:
            outcome = await attempt.run()
        except (OSError, LinkFound) as error:
            outcome = await self._not_started(attempt, error)
        except Exception:
            log.exception("%s could not be conducted", attempt.job.key)
        finally:
            self._pool.give(attempt.slot)
        log.info("%s: %s %s", attempt.job.key, outcome.status, outcome.error)
        if running.cancelled:
            outcome = Outcome("superseded", "Nobody waits for it here any more.")
        else:
            outcome = await self._tell(attempt, outcome)
            self._remember(running, outcome)
        del self._running[attempt.job.key]
        self._changed()
        running.finished.set_result(outcome)

    async def _not_started(self, attempt: Attempt, error: OSError | LinkFound) -> Outcome:
        if not lacks_room(error):
            return Outcome("failed", f"The job's process could not be started: {error}.")
        log.warning("%s waits for room on the disk: %s", attempt.job.key, error)
        while not attempt.stopping and not has_room(self.directory.root):
            await asyncio.sleep(_RETRY)
        return Outcome("returned", f"The job's process could not be started, the disk was full: {error}.")

    def _remember(self, running: RunningJob, outcome: Outcome) -> None:
        self._told[running.attempt.job.key, running.message] = outcome
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    async def _tell(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        """Deliver the event, waiting for Redis if need be; returns the outcome as it was told."""
        finished = time.time()
        while True:
            try:
                if outcome.status == "crashed":
                    outcome = await self._weigh_crash(attempt, outcome)
                if outcome.status != "superseded":
                    event = self._event(attempt, outcome, finished)
                    await self._redis.xadd(self._keys.events, {"event": encode(event)})
                return outcome
            except RedisError as error:
                log.warning("Redis is away (%s); the end of %s waits", error, attempt.job.key)
                await asyncio.sleep(_RETRY)

    async def _weigh_crash(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        if attempt.stopping:
            return Outcome("returned", outcome.error)
        key = attempt.job.key
        redis: Any = self._redis
        before = decode_strikes(await redis.hget(self._keys.crashes, key))
        strikes = before.another(attempt.went, self._site.worker)
        await redis.hset(self._keys.crashes, key, msgspec.json.encode(strikes))
        self._deaths[key] = strikes.in_a_row, time.monotonic()
        if not strikes.enough(len(await self._able(kind_of(attempt.job)))):
            return Outcome("returned", outcome.error)
        where = ", ".join(strikes.workers)
        return Outcome("failed", f"{outcome.error} This has happened {strikes.in_a_row} times on {where}.")

    async def leaves_to_others(self, key: str, kind: str) -> bool:
        """Whether the job has died here lately, and there is another worker that may have more luck with it."""
        deaths, last = self._deaths.get(key, (0, 0.0))
        if not deaths or time.monotonic() - last > offered_for(deaths):
            return False
        try:
            return bool(await self._able(kind) - {self._site.worker})
        except RedisError:
            return False

    async def _able(self, kind: str) -> set[str]:
        """Names of the attached workers that accept this kind of job."""
        redis: Any = self._redis
        names = sorted(name.decode() for name in await redis.smembers(self._keys.workers))
        texts = await redis.mget([self._keys.worker(name) for name in names]) if names else []
        found = [decode_worker(text) for text in texts if text]
        return {worker.name for worker in found if worker is not None and kind in worker.kinds}

    def _event(self, attempt: Attempt, outcome: Outcome, finished: float) -> JobEvent:
        result = None
        if outcome.status == "done":
            try:
                result = read_result(job_folder(self._site.directory, attempt.job))
            except JobError as error:
                outcome = Outcome("failed", str(error))
            if result is None and outcome.status == "done":
                outcome = Outcome("failed", "The job said that it was done but left no result.")
        return JobEvent(
            key=attempt.job.key,
            status=outcome.status,  # type: ignore[arg-type]
            worker=self._site.worker,
            started=attempt.started,
            finished=finished,
            result=result,
            error=outcome.error,
            log=attempt.log,
        )
