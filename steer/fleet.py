"""The `Fleet` seam: jobs by key, wherever the workers are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from steer.messages import Job, JobEvent, JobProgress, Refusal, WorkerInfo

__all__ = ["Capacity", "Fleet"]


@dataclass(frozen=True)
class Capacity:
    """What could run now.

    Attributes
    ----------
    slots : int
        Slots of all attached workers.
    kinds : dict of str to int
        Slots that would accept each kind of job.
    """

    slots: int
    kinds: dict[str, int]


class Fleet(Protocol):
    """Where jobs go. All methods are synchronous and may be called from one thread only.

    Every method raises `ServerError` while a server that it needs is away. Nothing is lost by that: jobs go on, and
    calling again later is harmless.
    """

    def submit(self, *jobs: Job) -> None:
        """Queue jobs under their keys. A key already queued or running is left alone: submitting twice is harmless."""

    def cancel(self, key: str) -> None:
        """Take a queued job out, or end a running one. Unknown keys are ignored."""

    def known(self) -> set[str]:
        """Keys of the jobs queued or running."""

    def events(self, timeout: float = 0.0) -> list[tuple[str, JobEvent]]:
        """Finished attempts that were not acknowledged yet, oldest first, each with a receipt.

        Waits up to `timeout` seconds for the first. An event is delivered again after a restart until acknowledged.
        The end of one job may be told twice, when a worker dies at that moment: count by key.
        """

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """These events are in the journal; never deliver them again."""

    def progress(self) -> Collection[JobProgress]:
        """How far the running jobs are."""

    def workers(self) -> Sequence[WorkerInfo]:
        """Attached workers, by name."""

    def refusals(self) -> Sequence[Refusal]:
        """Workers that were not let in lately, by name; one that comes in later is no longer among them."""

    def capacity(self) -> Capacity:
        """Sum of `workers`."""

    def close(self) -> None:
        """Release connections. Jobs go on."""
