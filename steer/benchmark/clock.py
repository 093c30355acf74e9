"""A fleet whose clock counts integrator steps: walkers in lockstep, in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from steer.fleet import Capacity
from steer.messages import (
    CgJob,
    CgResult,
    Job,
    JobEvent,
    JobProgress,
    JobResult,
    Refusal,
    TrainJob,
    TrainResult,
    WorkerInfo,
)

__all__ = ["ClockedFleet"]

_WORKER = "benchmark"


class ClockedFleet:
    """A `Fleet` of walkers that all run segments of one length.

    A round has two halves: in the first the queued simulations run and publish their frames, in the second their ends
    are told. In between the coordinator stores the frames, so that it decides as it would with frames that were
    streamed while the simulations ran. Training takes no steps and no walker.

    Parameters
    ----------
    simulate : callable
        Runs simulations side by side; gets their jobs and the aggregate steps spent before them.
    train : callable
    walkers : int
    """

    def __init__(
        self,
        simulate: Callable[[list[CgJob], int], list[CgResult]],
        train: Callable[[TrainJob], TrainResult],
        walkers: int,
    ) -> None:
        self._simulate, self._train, self._walkers = simulate, train, walkers
        self._queue: dict[str, Job] = {}
        self._ended: list[tuple[str, JobEvent]] = []
        self._count = 0
        self.clock = 0
        self.spent = 0

    def submit(self, *jobs: Job) -> None:
        """Queue jobs under their keys; a key already queued is left alone."""
        for job in jobs:
            self._queue.setdefault(job.key, job)

    def cancel(self, key: str) -> None:
        """Take a queued job out. Unknown keys are ignored."""
        self._queue.pop(key, None)

    def known(self) -> set[str]:
        """Keys of the jobs queued, and of those whose end was not told yet."""
        return {*self._queue, *(event.key for _, event in self._ended)}

    def events(self, timeout: float = 0.0) -> list[tuple[str, JobEvent]]:
        """The ends of the last round; or nothing, and the next round is run."""
        if self._ended:
            ended, self._ended = self._ended, []
            return ended
        simulations = [job for job in self._queue.values() if isinstance(job, CgJob)][: self._walkers]
        trainings = [job for job in self._queue.values() if isinstance(job, TrainJob)]
        results: list[JobResult] = [self._train(job) for job in trainings]
        if simulations:
            results += self._simulate(simulations, self.spent)
        jobs: list[Job] = [*trainings, *simulations]
        self._ended = [self._end(job, result) for job, result in zip(jobs, results, strict=True)]
        self.spent += sum(job.steps for job in simulations)
        self.clock += max((job.steps for job in simulations), default=0)
        return []

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
        """The walkers; one of them could train, and none refines."""
        return Capacity(self._walkers, {"cg": self._walkers, "train": 1})

    def close(self) -> None:
        """Nothing is held."""

    def _end(self, job: Job, result: JobResult) -> tuple[str, JobEvent]:
        del self._queue[job.key]
        self._count += 1
        now = float(self.clock)
        event = JobEvent(key=job.key, worker=_WORKER, status="done", result=result, started=now, finished=now)
        return str(self._count), event
