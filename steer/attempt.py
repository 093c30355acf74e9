"""One attempt at a job: its child process, from the order to the last report."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steer.campaign import CampaignDirectory
from steer.connection import PASSWORD_VARIABLE
from steer.exceptions import JobError
from steer.jobs.lifeline import Guard, kill_group
from steer.jobs.registry import SIMULATING, job_folder, kind_of
from steer.jobs.wire import STOP, Ended, Order, Went, decode_report, encode_line
from steer.links import make_folder, open_plain
from steer.messages import Job
from steer.slots import Slot

__all__ = ["Attempt", "Outcome", "Site"]

log = logging.getLogger(__name__)

_TICK = 1.0
_COMMAND = (sys.executable, "-P", "-m", "steer.jobs.child")

Status = Literal["done", "failed", "returned", "superseded", "crashed"]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes
    ----------
    status : {"done", "failed", "returned", "superseded", "crashed"}
        ``crashed``: the process died without a word or made no progress, or the machine failed it.
    error : str
        One sentence.
    """

    status: Status
    error: str = ""


@dataclass(frozen=True)
class Site:
    """What all attempts of one worker have in common.

    Attributes
    ----------
    worker : str
        Name of the worker.
    campaign : str
        Name of the campaign.
    url : str
        Redis URL with credentials, for frames.
    directory : CampaignDirectory
        As this machine sees it.
    runners : mapping of str to str
        Kind of job to ``module:function``.
    guard : Guard
    stall : float
        Seconds without progress after which a job is ended.
    own_cores : bool
        Whether simulations of one thread get a core of their own.
    """

    worker: str
    campaign: str
    url: str
    directory: CampaignDirectory
    runners: Mapping[str, str]
    guard: Guard
    stall: float
    own_cores: bool


class Attempt:
    """A running child process.

    Parameters
    ----------
    site : Site
    job : Job
    slot : Slot
        Where it runs.

    Attributes
    ----------
    started : float
        Unix time.
    went : Went
        Latest progress.
    stopping : bool
        Whether it was asked to stop.
    """

    def __init__(self, site: Site, job: Job, slot: Slot) -> None:
        self.job, self.slot = job, slot
        self.started = time.time()
        self.went = Went(phase="starting", fraction=0.0, step=0)
        self.stopping = False
        self.name = f"{site.worker}.{secrets.token_hex(4)}"
        self._site = site
        self._last: Ended | None = None
        self._idle = 0.0
        self._stalled = False
        self._group = 0
        self._control: int | None = None

    @property
    def log(self) -> str:
        """The log file, relative to the campaign directory."""
        directory = self._site.directory
        name = f"{job_folder(directory, self.job).name}.log"
        return (directory.logs / name).relative_to(directory.root).as_posix()

    async def run(self) -> Outcome:
        """Start the process and wait for its end."""
        reports, writing = os.pipe()
        try:
            process = await self._start(writing)
        except OSError:
            os.close(reports)
            self._close_control()
            raise
        finally:
            os.close(writing)
        self._group = process.pid
        self._site.guard.watch(process.pid)
        reader = asyncio.create_task(self._read(reports))
        watchdog = asyncio.create_task(self._watch())
        try:
            code = await process.wait()
        finally:
            watchdog.cancel()
            kill_group(self._group)
            self._site.guard.forget(self._group)
            self._group = 0
            self._close_control()
        await asyncio.wait([reader], timeout=10.0)
        reader.cancel()
        return self._outcome(code)

    def stop(self) -> None:
        """Ask the job to save its state and end."""
        self.stopping = True
        if self._control is not None:
            try:
                os.write(self._control, STOP)
            except BrokenPipeError:
                log.info("%s has ended already", self.job.key)

    def kill(self) -> None:
        """End the job with all its processes, at once."""
        self.stopping = True
        if self._group:
            kill_group(self._group)

    async def _start(self, report: int) -> asyncio.subprocess.Process:
        control, self._control = os.pipe()
        log_file = self._site.directory.root / self.log
        make_folder(self._site.directory.root, self.log.rpartition("/")[0])
        environment = {**os.environ, **self.slot.environment}
        environment.pop(PASSWORD_VARIABLE, None)
        try:
            with open(open_plain(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *_COMMAND,
                    stdin=control,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    pass_fds=(report,),
                    start_new_session=True,
                )
        finally:
            os.close(control)
        os.write(self._control, encode_line(self._order(report)))
        if self.stopping:
            self.stop()
        return process

    def _order(self, report: int) -> Order:
        runner = self._site.runners[kind_of(self.job)]
        return Order(
            job=self.job,
            runner=runner,
            directory=str(self._site.directory.root),
            campaign=self._site.campaign,
            url=self._site.url,
            worker=self._site.worker,
            attempt=self.name,
            parent=os.getpid(),
            report=report,
            own_core=self._site.own_cores and self.slot.threads == 1 and runner in SIMULATING,
        )

    async def _read(self, reports: int) -> None:
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        pipe = os.fdopen(reports, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        try:
            async for line in stream:
                self._heard(line)
        except ValueError as error:
            log.warning("%s: its reports are not read any further: %s", self.job.key, error)
        finally:
            transport.close()

    def _heard(self, line: bytes) -> None:
        try:
            report = decode_report(line)
        except JobError as error:
            log.warning("%s: %s", self.job.key, error)
            return
        if isinstance(report, Ended):
            self._last = report
        elif report != self.went:
            self.went, self._idle = report, 0.0

    async def _watch(self) -> None:
        """End a process whose progress stands still; counts ticks, so that a suspended worker blames nobody."""
        while self._idle < self._site.stall:
            await asyncio.sleep(min(_TICK, self._site.stall))
            self._idle += min(_TICK, self._site.stall)
        self._stalled = True
        log.warning("%s made no progress for %g s and is ended", self.job.key, self._site.stall)
        kill_group(self._group)

    def _outcome(self, code: int) -> Outcome:
        if self._last is not None:
            return Outcome(self._last.status, self._last.error)
        if self._stalled:
            at = f"phase {self.went.phase!r}, step {self.went.step}"
            return Outcome(
                "crashed", f"The job made no progress for {self._site.stall:g} s and was ended ({at})."
            )
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return Outcome("crashed", f"The job's process {how} without a word; see its log.")

    def _close_control(self) -> None:
        if self._control is not None:
            os.close(self._control)
            self._control = None
