"""What each worker did, and when, from the journal's jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steer.journal import JobRow

__all__ = ["Span", "WorkerShare", "job_spans", "worker_shares"]


@dataclass(frozen=True)
class Span:
    """One ended job on a worker's time line.

    Attributes
    ----------
    worker, kind, key : str
    lane : int
        Jobs that ran at the same time on one worker are in different lanes, counted from 0.
    start, stop : float
        s since the campaign's first job started.
    failed : bool
    """

    worker: str
    kind: str
    key: str
    lane: int
    start: float
    stop: float
    failed: bool


@dataclass(frozen=True)
class WorkerShare:
    """Throughput of one worker.

    Attributes
    ----------
    worker : str
    jobs : dict of str to int
        Jobs done, by kind.
    failed : int
    busy : float
        Hours of all its jobs together.
    span : float
        Hours from the start of its first job to the end of its last.
    cg, aa : float
        ns simulated.
    """

    worker: str
    jobs: dict[str, int]
    failed: int
    busy: float
    span: float
    cg: float
    aa: float

    def per_day(self, level: str) -> float:
        """ns of a level (``cg`` or ``aa``) a day of wall time."""
        amount = self.cg if level == "cg" else self.aa
        return amount / self.span * 24 if self.span > 0 else float("nan")


def job_spans(jobs: Iterable[JobRow]) -> list[Span]:
    """Ended jobs by worker, in the order of their start. The time of an earlier, handed-back attempt is not known."""
    ended = [
        (job.started, job.finished, job)
        for job in jobs
        if job.state in ("done", "failed") and job.started is not None and job.finished is not None
    ]
    if not ended:
        return []
    ended.sort(key=lambda entry: (entry[0], entry[2].key))
    origin = ended[0][0]
    free: dict[str, list[float]] = {}
    spans = []
    for started, finished, job in ended:
        lanes = free.setdefault(job.worker, [])
        lane = next((i for i, until in enumerate(lanes) if until <= started), len(lanes))
        lanes[lane : lane + 1] = [finished]
        failed = job.state == "failed"
        spans.append(Span(job.worker, job.kind, job.key, lane, started - origin, finished - origin, failed))
    return sorted(spans, key=lambda span: (span.worker, span.lane, span.start))


def worker_shares(spans: Iterable[Span], simulated: Mapping[str, float]) -> list[WorkerShare]:
    """Throughput by worker, by name.

    Parameters
    ----------
    spans : iterable of Span
    simulated : mapping of str to float
        ns of each simulation, by id; a job of key ``cg:cg-000012`` is credited with that of ``cg-000012``.
    """
    by_worker: dict[str, list[Span]] = {}
    for span in spans:
        by_worker.setdefault(span.worker, []).append(span)
    return [_share(worker, by_worker[worker], simulated) for worker in sorted(by_worker)]


def _share(worker: str, spans: list[Span], simulated: Mapping[str, float]) -> WorkerShare:
    jobs: dict[str, int] = {}
    for span in spans:
        jobs[span.kind] = jobs.get(span.kind, 0) + (not span.failed)
    amount = {kind: sum(_amount(s, simulated) for s in spans if s.kind == kind) for kind in ("cg", "refine")}
    return WorkerShare(
        worker,
        jobs,
        sum(span.failed for span in spans),
        sum(span.stop - span.start for span in spans) / 3600,
        (max(span.stop for span in spans) - min(span.start for span in spans)) / 3600,
        amount["cg"],
        amount["refine"],
    )


def _amount(span: Span, simulated: Mapping[str, float]) -> float:
    return 0.0 if span.failed else simulated.get(span.key.split(":", 1)[-1], 0.0)
