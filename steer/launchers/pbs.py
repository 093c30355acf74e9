"""PBS Professional and OpenPBS: a job array.

PBS has no signal ahead of the limit (SIGTERM comes at it, SIGKILL ``kill_delay`` later, ten seconds by default), so the
worker itself keeps the time, by its ``--walltime``.
"""

from __future__ import annotations

from steer.launchers.request import Request
from steer.launchers.shell import body
from steer.launchers.text import clock

__all__ = ["script"]

_NAME = '"pbs-${PBS_JOBID%%.*}"'
_LONGEST_NAME = 15


def script(request: Request) -> str:
    """A script for ``qsub``."""
    gpus = f":ngpus={request.gpus}" if request.gpus else ""
    directives = [
        "-S /bin/bash",
        f"-N {f'steer-{request.campaign}'[:_LONGEST_NAME]}",
        f"-l select=1:ncpus={request.cpus}{gpus}",
        "-j oe",
        "-r y",
    ]
    if request.workers > 1:
        directives.append(f"-J 1-{request.workers}")
    if request.walltime is not None:
        directives.append(f"-l walltime={clock(request.walltime)}")
    head = "".join(f"#PBS {directive}\n" for directive in directives)
    return (
        f"#!/bin/bash\n{head}"
        "# qsub THIS-FILE; queue and account may be given there: qsub -q gpu -A me THIS-FILE\n"
        "# End workers early with: qsig -s TERM 'JOB[INDEX]'\n"
        f"{body(request, _NAME)}"
    )
