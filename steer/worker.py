"""The worker daemon: owns GPUs or CPU slots, and runs jobs in child processes until it is told to leave.

One asyncio loop holds it all together: a docket worker for each kind of job, which claims jobs into free slots
(`steer.slot_worker`); the supervisor, which runs them whatever becomes of the connection (`steer.supervisor`); and a
heartbeat, which tells the coordinator who is here and hears whether the campaign goes on.

Leaving is orderly: no job is claimed any more, the running ones are asked to save their states and are queued again.
A second request, or a third party's SIGKILL, costs what was not saved and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from typing import Any

from redis.exceptions import NoPermissionError, RedisError

import steer
from steer.attempt import Site
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import Connection, reason
from steer.enrolment import Enrolment, enter, find_campaign, find_connection, has_ended, version_problem
from steer.exceptions import ConfigError, EnvironmentNotReady, ServerError
from steer.fleet_keys import FleetKeys
from steer.gpu_load import GpuWatch
from steer.job_docket import JobDocket
from steer.jobs.lifeline import Guard
from steer.jobs.registry import SIMULATING, kind_of
from steer.messages import WorkerInfo, encode
from steer.mps import SharedGpus
from steer.platform_check import ON_CPU, find_platform
from steer.refusals import forget_refusals, leave_refusal
from steer.slot_worker import SlotWorker
from steer.slots import Slot, SlotPool, make_slots
from steer.supervisor import Supervisor
from steer.worker_options import WorkerOptions, check_options

__all__ = ["WorkerOptions", "run_worker"]

log = logging.getLogger(__name__)

OK = 0
INTERRUPTED = 130

_LAST_WORDS = 10.0


def run_worker(options: WorkerOptions) -> int:
    """Attach to a campaign and work until told to leave.

    Returns
    -------
    int
        0 when the campaign is over, the walltime near or SIGTERM came; 130 after Ctrl-C.

    Raises
    ------
    ConfigError
        When an option cannot be used.
    EnvironmentNotReady
        When this machine or this version of the package does not fit the campaign, or MPS cannot be had.
    ServerError
        When the server cannot be reached at the start.
    """
    check_options(options)
    slots: Sequence[Slot] = make_slots(options.slots, options.gpus, options.slots_per_gpu)
    logging.getLogger("docket").setLevel(logging.ERROR)
    logging.getLogger("docket.worker").addFilter(_is_no_outage)
    with ExitStack() as stack:
        guard = stack.enter_context(Guard())
        if options.mps:
            slots = stack.enter_context(SharedGpus(slots, guard)).slots
        return asyncio.run(_Worker(options, slots, guard).run())


class _Worker:
    def __init__(self, options: WorkerOptions, slots: Sequence[Slot], guard: Guard) -> None:
        self._options, self._guard = options, guard
        self._pool = SlotPool(slots)
        self._gpus = GpuWatch(slots, "")
        self._name = options.name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._queues: list[SlotWorker] = []
        self._leave = asyncio.Event()
        self._at_once = asyncio.Event()
        self._changed = asyncio.Event()
        self._platform = ""
        self._signals = 0
        self._why = ""
        self._code = OK
        self._away_since: float | None = None

    async def run(self) -> int:
        """Live."""
        self._watch_signals()
        if self._options.walltime is not None:
            limit = self._options.walltime - self._options.grace
            asyncio.get_running_loop().call_later(limit, self._go, "the walltime is near")
        connection = find_connection(self._options.url, self._options.directory)
        connection.check_files()
        async with AsyncExitStack() as stack:
            redis = _client(connection)
            stack.push_async_callback(redis.aclose)
            enrolment = await self._unless_leaving(self._enrol(redis, connection))
            if enrolment is None:
                return self._code
            await self._work(redis, connection, enrolment)
        return self._code

    # -- coming -------------------------------------------------------------------------------------------------

    async def _enrol(self, redis: Any, connection: Connection) -> Enrolment | None:
        """Be let in; None when the campaign has ended."""
        options = self._options
        try:
            await redis.ping()
            announced = await find_campaign(redis, options.campaign, options.directory, options.patience)
            if announced is None:
                return None
            keys = FleetKeys(announced.campaign)
            try:
                enrolment = enter(announced, options.directory)
                self._platform = await self._find_platform(enrolment)
            except EnvironmentNotReady as error:
                await leave_refusal(redis, keys, self._name, str(error))
                raise
            await self._check_name(redis, keys)
            await forget_refusals(redis, keys, self._name)
        except NoPermissionError as error:
            raise ConfigError(
                f"The user of {connection} may not work for the campaign {options.campaign!r} there; give the password "
                "and the URL that belong to it."
            ) from error
        except RedisError as error:
            if options.directory is not None and has_ended(CampaignDirectory.open(options.directory)):
                log.info("the campaign in %s is finished, so there is nothing to do here", options.directory)
                return None
            raise ServerError(
                f"The Redis server at {connection} cannot be used ({error}); {reason(error)}."
            ) from error
        return enrolment

    async def _find_platform(self, enrolment: Enrolment) -> str:
        """The OpenMM platform of this worker's simulations; empty when it runs none."""
        runners = {self._options.runners[kind] for kind in self._options.kinds}
        if not runners & SIMULATING:
            return ""
        wanted = load_config(enrolment.directory.config).workers.platform
        return await find_platform(wanted, self._pool.slots)

    async def _check_name(self, redis: Any, keys: FleetKeys) -> None:
        """Two live workers of one name would take each other's jobs for their own."""
        deadline = time.monotonic() + 6 * self._options.heartbeat
        while await redis.exists(keys.worker(self._name)):
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"A worker named {self._name!r} is attached already; give --name another one."
                )
            await asyncio.sleep(0.2)

    async def _unless_leaving(self, work: Any) -> Any:
        """What `work` returns, or None when the worker is told to leave before."""
        task = asyncio.ensure_future(work)
        leave = asyncio.ensure_future(self._leave.wait())
        await asyncio.wait([task, leave], return_when=asyncio.FIRST_COMPLETED)
        leave.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait([task])
        return None

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGINT:
            self._code = INTERRUPTED
        # The walltime is no signal: when the batch system's SIGTERM follows it, jobs are still saving their states.
        if self._signals:
            self._at_once.set()
        self._signals += 1
        self._go(f"{number.name} came")

    def _go(self, why: str) -> None:
        if not self._leave.is_set():
            log.info("leaving: %s; running jobs save their states and are handed back", why)
            self._why = why
            self._leave.set()

    # -- working ------------------------------------------------------------------------------------------------

    async def _work(self, redis: Any, connection: Connection, enrolment: Enrolment) -> None:
        options = self._options
        keys = FleetKeys(enrolment.campaign)
        site = Site(
            worker=self._name,
            campaign=enrolment.campaign,
            url=connection.url,
            directory=enrolment.directory,
            runners=options.runners,
            guard=self._guard,
            stall=options.stall,
            own_cores=options.pin and self._platform == ON_CPU,
        )
        supervisor = Supervisor(site, self._pool, redis, self._changed.set)
        async with AsyncExitStack() as stack:
            for kind in options.kinds:
                docket = await stack.enter_async_context(JobDocket(connection.url, enrolment.campaign, kind))
                queue = SlotWorker(
                    docket,
                    self._name,
                    supervisor,
                    self._pool,
                    enrolment.campaign,
                    options.lease,
                    options.grace,
                )
                self._queues.append(await stack.enter_async_context(queue))
            tasks = [asyncio.create_task(queue.run_forever()) for queue in self._queues]
            self._gpus = GpuWatch(self._pool.slots, self._platform)
            watch = asyncio.create_task(self._gpus.run())
            heart = asyncio.create_task(self._beat(redis, keys, supervisor))
            log.info(
                "worker %s works for %s with %d slots (%s)",
                self._name,
                enrolment.campaign,
                len(self._pool.slots),
                ", ".join(sorted({slot.device for slot in self._pool.slots})),
            )
            try:
                await self._until_leaving(tasks)
                await self._end_jobs(supervisor)
            finally:
                heart.cancel()
                watch.cancel()
                supervisor.kill()
                await self._close_queues(tasks)
                await self._sign_off(redis, keys)

    async def _until_leaving(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for a reason to leave; a queue that ends by itself is a defect and raises."""
        leave = asyncio.create_task(self._leave.wait())
        done, _ = await asyncio.wait([leave, *tasks], return_when=asyncio.FIRST_COMPLETED)
        leave.cancel()
        for task in tasks:
            if task in done:
                task.result()

    async def _end_jobs(self, supervisor: Supervisor) -> None:
        self._pool.close()
        ending = asyncio.create_task(supervisor.stop(self._options.grace))
        hurry = asyncio.create_task(self._at_once.wait())
        await asyncio.wait([ending, hurry], return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not ending.done():
            supervisor.kill()
            await asyncio.wait([ending], timeout=_LAST_WORDS)
        await self._until_settled()

    async def _until_settled(self) -> None:
        """Give docket the time to hand jobs back; without Redis their leases will do."""
        deadline = time.monotonic() + _LAST_WORDS
        while not all(queue.idle for queue in self._queues) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)

    async def _close_queues(self, tasks: list[asyncio.Task[None]]) -> None:
        for queue in self._queues:
            queue.stop()
        _, late = await asyncio.wait(tasks, timeout=_LAST_WORDS)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)

    # -- telling ------------------------------------------------------------------------------------------------

    async def _beat(self, redis: Any, keys: FleetKeys, supervisor: Supervisor) -> None:
        while True:
            self._changed.clear()
            try:
                await self._announce(redis, keys, supervisor)
                await self._hear(redis, keys, supervisor)
                if self._away_since is not None:
                    log.info("Redis is back")
                self._away_since = None
            except RedisError as error:
                if self._away_since is None:
                    log.warning("Redis is away (%s); running jobs go on", error)
                    self._away_since = time.monotonic()
                self._leave_if_forsaken(supervisor)
                await asyncio.sleep(min(1.0, self._options.heartbeat))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._options.heartbeat)

    def _leave_if_forsaken(self, supervisor: Supervisor) -> None:
        """Give an allocation back that nobody uses: the server is away, and nobody waits for what is here."""
        away = time.monotonic() - (self._away_since or time.monotonic())
        if has_ended(supervisor.directory):
            self._go("the campaign is finished")
        if supervisor.running:
            return
        if not supervisor.directory.config.exists():
            self._go("Redis is away and the campaign directory is gone")
        elif away > self._options.patience:
            self._go(f"Redis has been away for {away:.0f} s and no job runs here")

    async def _announce(self, redis: Any, keys: FleetKeys, supervisor: Supervisor) -> None:
        lifetime = max(1000, int(5000 * self._options.heartbeat))
        progress = "[" + ",".join(encode(line) for line in supervisor.progress()) + "]"
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.sadd(keys.workers, self._name)
            pipeline.set(keys.worker(self._name), encode(self._info(supervisor)), px=lifetime)
            pipeline.set(keys.progress(self._name), progress, px=lifetime)
            await pipeline.execute()

    def _info(self, supervisor: Supervisor) -> WorkerInfo:
        return WorkerInfo(
            name=self._name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=steer.__version__,
            slots=len(self._pool.slots),
            kinds=list(self._options.kinds),
            devices=[slot.device for slot in self._pool.slots],
            platform=self._platform,
            busy=[running.attempt.job.key for running in supervisor.running],
            gpus=self._gpus.readings,
            seen=time.time(),
        )

    async def _hear(self, redis: Any, keys: FleetKeys, supervisor: Supervisor) -> None:
        """Whether the campaign goes on, with our version, and which of our jobs were cancelled unheard."""
        jobs = [running for running in supervisor.running if not running.ending]
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.hmget(keys.meta, "state", "version")
            for running in jobs:
                job = running.attempt.job
                pipeline.hget(keys.run(kind_of(job), job.key), "state")
            (state, version), *runs = await pipeline.execute()
        if state == b"finished":
            self._go("the campaign is finished")
        elif version is not None and (problem := version_problem(version.decode())):
            await leave_refusal(redis, keys, self._name, problem)
            self._go(problem)
        for running, run in zip(jobs, runs, strict=True):
            if run == b"cancelled":
                for queue in self._queues:
                    queue.cancel_key(running.attempt.job.key)

    async def _sign_off(self, redis: Any, keys: FleetKeys) -> None:
        try:
            async with asyncio.timeout(_LAST_WORDS), redis.pipeline(transaction=True) as pipeline:
                pipeline.srem(keys.workers, self._name)
                pipeline.delete(keys.worker(self._name), keys.progress(self._name))
                await pipeline.execute()
        except (RedisError, TimeoutError) as error:
            log.info("the worker could not sign off: %s", error)


def _is_no_outage(record: logging.LogRecord) -> bool:
    """Whether a record of docket's is about something else than Redis being away, which the heartbeat reports once."""
    return not (record.exc_info and isinstance(record.exc_info[1], RedisError))


def _client(connection: Connection) -> Any:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import ConstantBackoff

    return Redis.from_url(
        connection.url,
        client_name="steer-worker",
        socket_connect_timeout=5.0,
        socket_timeout=10.0,
        retry=Retry(ConstantBackoff(0.1), 1),
    )
