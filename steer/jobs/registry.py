"""The kinds of job: what runs each, and which folder is its own. A new kind is one file, one message and one line here.

Runners are named, not imported, so that a worker daemon stays free of torch and OpenMM. They come from this table
only: nothing that travels through Redis can name code.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from steer.campaign import CampaignDirectory
from steer.messages import Job, JobResult, TrainJob

if TYPE_CHECKING:
    from steer.jobs.context import JobContext

__all__ = ["RUNNERS", "SIMULATING", "Runner", "job_folder", "kind_of", "resolve"]

Runner = Callable[[Job, "JobContext"], JobResult]
"""What does a job. It may be called again after an interruption and must then go on from what it saved."""

RUNNERS: Mapping[str, str] = {
    "cg": "steer.jobs.cg:run",
    "refine": "steer.jobs.refine:run",
    "train": "steer.jobs.train:run",
}
"""Kind of job to ``module:function``."""

SIMULATING = frozenset({RUNNERS["cg"], RUNNERS["refine"]})
"""Those that need a platform of OpenMM."""


def kind_of(job: Job) -> str:
    """Kind of a job: ``cg``, ``refine``, …"""
    return cast(str, type(job).__struct_config__.tag)


def job_folder(directory: CampaignDirectory, job: Job) -> Path:
    """Folder that belongs to a job alone; its name also names the job's log."""
    if isinstance(job, TrainJob):
        return directory.root / "train" / f"train-{job.version:04d}"
    return directory.simulation(job.simulation)


def resolve(runner: str) -> Runner:
    """The function behind ``module:function``."""
    module, _, function = runner.partition(":")
    return cast(Runner, getattr(importlib.import_module(module), function))
