"""A fleet without servers or workers: jobs run in this process when their events are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from steer.exceptions import JobStopped
from steer.fleet import Capacity
from steer.jobs.registry import kind_of
from steer.messages import KINDS, Job, JobEvent, JobProgress, JobResult, Refusal, WorkerInfo

__all__ = ["InlineFleet"]

_WORKER = "inline"


class InlineFleet:
    """A `Fleet` for tests and for campaigns that need no more than one process.

    Parameters
    ----------
    execute : callable
        Does a job. Whatever it raises makes the job fail, but for `JobStopped`, which hands it back.
    slots : int
        Jobs run in one call of `events`.
    kinds : sequence of str
        Kinds of job accepted.
    """

    def __init__(
        self, execute: Callable[[Job], JobResult], slots: int = 1, kinds: Sequence[str] = KINDS
    ) -> None:
        self._execute, self._slots, self._kinds = execute, slots, tuple(kinds)
        self._queue: dict[str, Job] = {}
        self._count = 0

    def submit(self, *jobs: Job) -> None:
        """Queue jobs under their keys; a key already queued is left alone."""
        for job in jobs:
            self._queue.setdefault(job.key, job)

    def cancel(self, key: str) -> None:
        """Take a queued job out. Unknown keys are ignored."""
        self._queue.pop(key, None)

    def known(self) -> set[str]:
        """Keys of the jobs queued."""
        return set(self._queue)

    def events(self, timeout: float = 0.0) -> list[tuple[str, JobEvent]]:
        """Run as many queued jobs as there are slots, oldest first."""
        ready = [job for job in self._queue.values() if kind_of(job) in self._kinds]
        return [self._run(job) for job in ready[: self._slots]]

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """Nothing is kept, so there is nothing to drop."""

    def progress(self) -> Collection[JobProgress]:
        """No job runs between calls."""
        return []

    def workers(self) -> Sequence[WorkerInfo]:
        """None."""
        return []

    def refusals(self) -> Sequence[Refusal]:
        """None."""
        return []

    def capacity(self) -> Capacity:
        """Slots of this process."""
        return Capacity(self._slots, dict.fromkeys(self._kinds, self._slots))

    def close(self) -> None:
        """Nothing is held."""

    def _run(self, job: Job) -> tuple[str, JobEvent]:
        del self._queue[job.key]
        self._count += 1
        started = time.time()

        def event(**fields: object) -> tuple[str, JobEvent]:
            times = {"started": started, "finished": time.time()}
            return str(self._count), JobEvent(key=job.key, worker=_WORKER, **times, **fields)  # type: ignore[arg-type]

        try:
            return event(status="done", result=self._execute(job))
        except JobStopped as stopped:
            self._queue[job.key] = job
            return event(status="returned", error=str(stopped))
        except Exception as error:
            return event(status="failed", error=f"{type(error).__name__}: {error}")
