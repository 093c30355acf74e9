"""docket's worker, cut down to claiming jobs for a supervisor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from docket.dependencies import AdmissionBlocked, CurrentExecution
from docket.execution import Execution
from docket.worker import Worker
from redis.exceptions import RedisError

from steer.attempt import Outcome
from steer.fleet_keys import FleetKeys
from steer.gate import Gate
from steer.hand_back import hand_back
from steer.job_docket import TASK, JobDocket
from steer.messages import decode_job
from steer.slots import Slot, SlotPool
from steer.supervisor import RunningJob, Supervisor

__all__ = ["SlotWorker"]

log = logging.getLogger(__name__)

_UNLIMITED = 100_000
_POLL = timedelta(milliseconds=100)
_OFFER = timedelta(seconds=1)


class SlotWorker(Worker):
    """Claims jobs of one queue when a slot is free, and hands them to the supervisor.

    What docket holds a lease on is not the job but the message: when the connection breaks, the message is left
    pending, the job goes on, and the two find each other again on the next connection.

    Parameters
    ----------
    docket : JobDocket
        Its queue.
    name : str
        Name of the worker daemon.
    supervisor : Supervisor
    pool : SlotPool
        Shared by the queues of one daemon.
    campaign : str
        Name of the campaign.
    lease : float
        Seconds for which a job is ours without renewal.
    grace : float
        Seconds a cancelled job may take to end.
    """

    def __init__(
        self,
        docket: JobDocket,
        name: str,
        supervisor: Supervisor,
        pool: SlotPool,
        campaign: str,
        lease: float,
        grace: float,
    ) -> None:
        super().__init__(
            docket,
            name=name,
            concurrency=_UNLIMITED,
            redelivery_timeout=timedelta(seconds=lease),
            reconnection_delay=timedelta(seconds=1),
            minimum_check_interval=_POLL,
            schedule_automatic_tasks=False,
        )
        self._supervisor, self._pool, self._lease, self._grace = supervisor, pool, lease, grace
        self._kind, self._keys = docket.kind, FleetKeys(campaign)
        self._slots: dict[bytes, Slot] = {}
        self._messages: dict[bytes, str] = {}

        async def run_job(job: str, execution: Execution = CurrentExecution()) -> None:  # noqa: B008
            await self._run_job(job, execution)

        docket.register(run_job, [TASK])

    # -- the gate's keeper --------------------------------------------------------------------------------------

    def reserve(self, message: bytes, slot: Slot) -> None:
        """This slot is for the job in this message."""
        self._slots[message] = slot

    def holds(self, key: str) -> bool:
        """Whether this job runs here already."""
        return self._supervisor.find(key) is not None

    def lost(self, messages: Sequence[bytes]) -> None:
        """These messages are another worker's now: end their jobs here."""
        for message in messages:
            if key := self._messages.get(message):
                self._supervisor.supersede(key)

    # -- docket's worker ----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether docket has nothing of ours in hand."""
        return not self._tasks_by_key

    def stop(self) -> None:
        """Leave the queue; what docket still has in hand stays pending."""
        self._worker_stopping.set()

    def cancel_key(self, key: str) -> None:
        """End a job of this queue that was cancelled while nobody listened."""
        if task := self._tasks_by_key.get(key):
            self._cancelled_by_docket.add(task)
            task.cancel()

    async def _worker_loop(self, redis: Any, forever: bool = False) -> None:
        gate = Gate(redis, self._pool, self, self._kind, TASK, self._lease, self._keys.rejected)
        await super()._worker_loop(cast(Any, gate), forever)

    async def _execute(self, execution: Execution, session: Any) -> None:
        message = execution.message_id or b""
        self._messages[message] = execution.key
        try:
            await super()._execute(execution, session)
        finally:
            self._messages.pop(message, None)
            if slot := self._slots.pop(message, None):
                self._pool.give(slot)

    # -- the job ------------------------------------------------------------------------------------------------

    async def _run_job(self, text: str, execution: Execution) -> None:
        told = self._supervisor.told(execution.key, execution.message_id or b"")
        if told is not None:
            await self._settle(told, execution)
            return
        if await self._supervisor.leaves_to_others(execution.key, self._kind):
            await self._settle(Outcome("returned", "left to another worker"), execution, delay=_OFFER)
        running = await self._find_or_start(text, execution)
        try:
            await self._attend(running)
        except asyncio.CancelledError:
            if asyncio.current_task() in self._cancelled_by_docket:
                log.info("%s was cancelled", execution.key)
                await self._supervisor.cancel(running, self._grace)
            raise
        if not running.finished.done():
            # The connection broke: docket leaves the message pending when its task ends cancelled.
            raise asyncio.CancelledError
        await self._settle(running.finished.result(), execution)

    async def _find_or_start(self, text: str, execution: Execution) -> RunningJob:
        message = execution.message_id or b""
        slot = self._slots.pop(message, None)
        while running := self._supervisor.find(execution.key):
            if slot:
                self._pool.give(slot)
            if not running.ending:
                return running
            await asyncio.shield(running.finished)
            slot = self._pool.take()
        if slot is None:
            raise AdmissionBlocked(execution, "no slot is free", handled=True)
        return self._supervisor.start(decode_job(text), message, slot)

    async def _attend(self, running: RunningJob) -> None:
        """Wait until the job is over or this connection is."""
        session = self._processing_session
        if session is None:
            return
        over: asyncio.Future[Any] = asyncio.ensure_future(session.stopping.wait())
        try:
            await asyncio.wait([running.finished, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()

    async def _settle(self, outcome: Outcome, execution: Execution, delay: timedelta = timedelta(0)) -> None:
        """Leave the queue as the outcome has it: ended, queued again, or untouched."""
        if outcome.status in ("done", "failed"):
            return
        if outcome.status == "returned":
            try:
                execution.when = datetime.now(UTC) + delay
                await hand_back(execution)
            except RedisError as error:
                log.warning("%s is handed back by its lease alone: %s", execution.key, error)
        raise AdmissionBlocked(execution, f"its end here ({outcome.status})", handled=True)
