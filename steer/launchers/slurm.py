"""Slurm: a job array, whose first process is sent SIGTERM before the limit."""

from __future__ import annotations

from steer.launchers.request import NOTICE, Request
from steer.launchers.shell import body
from steer.launchers.text import clock

__all__ = ["script"]

_NAME = '"slurm-${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}-${SLURM_ARRAY_TASK_ID:-1}"'


def script(request: Request) -> str:
    """A script for ``sbatch``."""
    directives = [
        f"--job-name=steer-{request.campaign}",
        f"--array=1-{request.workers}",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={request.cpus}",
    ]
    if request.gpus:
        directives.append(f"--gres=gpu:{request.gpus}")
    if request.walltime is not None:
        directives.append(f"--time={clock(request.walltime)}")
    directives += [f"--signal=B:TERM@{NOTICE}", "--requeue", "--open-mode=append"]
    head = "".join(f"#SBATCH {directive}\n" for directive in directives)
    return (
        f"#!/bin/bash\n{head}"
        "# sbatch THIS-FILE; partition and account may be given there: sbatch --partition=gpu --account=me THIS-FILE\n"
        "# End workers early with: scancel --batch --signal=TERM JOB\n"
        f"{body(request, _NAME)}"
    )
