"""What a worker daemon is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steer.exceptions import ConfigError
from steer.jobs.registry import RUNNERS
from steer.messages import KINDS

__all__ = ["WorkerOptions", "check_options"]


@dataclass(frozen=True)
class WorkerOptions:
    """What a worker is told.

    Attributes
    ----------
    url : str, optional
        Redis URL; absent: the own server of the campaign in `directory`.
    directory : Path, optional
        Where the campaign directory is on this machine.
    campaign : str, optional
        Name of the campaign; absent: that of `directory`, or the only one on the server.
    slots : int, optional
        Jobs at once.
    gpus : sequence of str, optional
        GPUs to use; empty for none, absent for all.
    slots_per_gpu : int
        Jobs that share one GPU.
    mps : bool
        Whether they share it through CUDA's Multi-Process Service.
    pin : bool
        Whether simulations of one thread on the CPU get a core of their own.
    kinds : sequence of str
        Kinds of job accepted.
    name : str, optional
        Name of the worker, unique among the attached ones; made up when absent.
    walltime : float, optional
        Seconds after which the worker must be gone.
    lease : float
        Seconds after which the jobs of a worker that has died are given to others.
    grace : float
        Seconds a job may take to save its state.
    stall : float
        Seconds without progress after which a job is ended.
    heartbeat : float
        Seconds between two announcements; a worker that misses five is gone.
    patience : float
        Seconds without a coordinator at the start, or later without Redis, after which a worker without jobs leaves.
    runners : mapping of str to str
        Kind of job to ``module:function``.
    """

    url: str | None = None
    directory: Path | None = None
    campaign: str | None = None
    slots: int | None = None
    gpus: Sequence[str] | None = None
    slots_per_gpu: int = 1
    mps: bool = False
    pin: bool = True
    kinds: Sequence[str] = KINDS
    name: str | None = None
    walltime: float | None = None
    lease: float = 20.0
    grace: float = 40.0
    stall: float = 1800.0
    heartbeat: float = 2.0
    patience: float = 1800.0
    runners: Mapping[str, str] = field(default_factory=lambda: RUNNERS)


def check_options(options: WorkerOptions) -> None:
    """See that these options make sense together.

    Raises
    ------
    ConfigError
    """
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown or not options.kinds:
        raise ConfigError(
            f"There is no kind of job {', '.join(unknown) or '(none given)'}; kinds: {', '.join(KINDS)}."
        )
    if options.walltime is not None and options.walltime <= options.grace:
        raise ConfigError(
            f"A walltime of {options.walltime:g} s is too short: jobs get {options.grace:g} s of it to save their state."
        )
