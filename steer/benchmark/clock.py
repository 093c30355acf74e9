"""A fleet whose clock counts integrator steps: walkers in lockstep, in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

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

__all__ = ["ClockedFleet", "Walk"]

_WORKER = "benchmark"


@dataclass
class Walk:
    """A simulation under way.

    Attributes
    ----------
    job : CgJob
    walker : int
        Number of the walker that does it.
    done, frames : int
        Steps and frames so far.
    last : bool
        Whether it ends with the steps to come, long though its job may be: it was asked to.
    """

    job: CgJob
    walker: int
    done: int = 0
    frames: int = 0
    last: bool = False

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.last or self.done >= self.job.steps


class ClockedFleet:
    """A `Fleet` of walkers that go on side by side, so many steps at a time.

    A beat has two halves: in the first, free walkers take up queued simulations, and all do their steps and publish
    their frames; in the second, the ends of those that are done are told. In between the coordinator stores the frames,
    so that it decides as it would with frames that were streamed while the simulations ran. What it asks to end does so
    with the next beat. Training takes no steps and no walker.

    Parameters
    ----------
    simulate : callable
        Lets simulations go on side by side by the steps of a beat, and counts their frames; gets them and the aggregate
        steps spent before.
    asked : callable
        Whether a simulation was asked to end.
    train : callable
    walkers : int
    beat : int
        Steps of a beat; divides those of every job.
    """

    def __init__(
        self,
        simulate: Callable[[list[Walk], int], None],
        asked: Callable[[CgJob], bool],
        train: Callable[[TrainJob], TrainResult],
        walkers: int,
        beat: int,
    ) -> None:
        self._simulate, self._asked, self._train = simulate, asked, train
        self._walkers, self._beat = walkers, beat
        self._queue: dict[str, Job] = {}
        self._walks: dict[int, Walk] = {}
        self._ended: list[tuple[str, JobEvent]] = []
        self._count = 0
        self.clock = 0
        self.spent = 0

    def submit(self, *jobs: Job) -> None:
        """Queue jobs under their keys; a key already known is left alone."""
        running = {walk.job.key for walk in self._walks.values()}
        for job in jobs:
            if job.key not in running:
                self._queue.setdefault(job.key, job)

    def cancel(self, key: str) -> None:
        """Take a queued job out. Unknown keys are ignored."""
        self._queue.pop(key, None)

    def known(self) -> set[str]:
        """Keys of the jobs queued and under way, and of those whose end was not told yet."""
        walking = (walk.job.key for walk in self._walks.values())
        return {*self._queue, *walking, *(event.key for _, event in self._ended)}

    def events(self, timeout: float = 0.0) -> list[tuple[str, JobEvent]]:
        """The ends that the last beat brought; or nothing, and the next beat is run."""
        if self._ended:
            ended, self._ended = self._ended, []
            return ended
        self._take_up()
        walks = list(self._walks.values())
        if walks:
            self._go_on(walks)
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

    def _take_up(self) -> None:
        """Do the trainings, and give free walkers their simulations, oldest first."""
        for job in list(self._queue.values()):
            if isinstance(job, TrainJob):
                del self._queue[job.key]
                self._end(job, self._train(job))
        free = [walker for walker in range(self._walkers) if walker not in self._walks]
        waiting = [job for job in self._queue.values() if isinstance(job, CgJob)]
        for walker, job in zip(free, waiting, strict=False):
            del self._queue[job.key]
            self._walks[walker] = Walk(job, walker)

    def _go_on(self, walks: list[Walk]) -> None:
        for walk in walks:
            walk.last = walk.done > 0 and self._asked(walk.job)
        self._simulate(walks, self.spent)
        for walk in walks:
            walk.done += self._beat
        self.spent += len(walks) * self._beat
        self.clock += self._beat
        for walk in walks:
            if walk.over:
                del self._walks[walk.walker]
                self._end(walk.job, _result(walk))

    def _end(self, job: Job, result: JobResult) -> None:
        self._count += 1
        now = float(self.clock)
        event = JobEvent(key=job.key, worker=_WORKER, status="done", result=result, started=now, finished=now)
        self._ended.append((str(self._count), event))


def _result(walk: Walk) -> CgResult:
    return CgResult(
        simulation=walk.job.simulation,
        steps=walk.done,
        frames=walk.frames,
        seconds=0.0,
        steps_per_second=0.0,
        platform="Reference",
        end_state=f"cg/{walk.job.simulation}/none",
    )
