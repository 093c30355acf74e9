"""LSF: a job array, which is sent SIGTERM as its warning action before the limit."""

from __future__ import annotations

from steer.launchers.request import NOTICE, Request
from steer.launchers.shell import body

__all__ = ["script"]

_NAME = '"lsf-${LSB_JOBID}-${LSB_JOBINDEX:-0}"'


def script(request: Request) -> str:
    """A script for ``bsub``, which reads it from its standard input."""
    directives = [
        f'-J "steer-{request.campaign}[1-{request.workers}]"',
        f"-n {request.cpus}",
        '-R "span[hosts=1]"',
        "-r",
        "-o steer-%J-%I.out",
    ]
    if request.gpus:
        directives.append(f'-gpu "num={request.gpus}"')
    if request.walltime is not None:
        minutes = int(request.walltime) // 60
        directives += [f"-W {minutes // 60}:{minutes % 60:02d}", f"-wt {NOTICE // 60}", "-wa TERM"]
    head = "".join(f"#BSUB {directive}\n" for directive in directives)
    return (
        f"#!/bin/bash\n{head}"
        "# bsub <THIS-FILE; queue and project may be given there: bsub -q gpu -P me <THIS-FILE\n"
        "# End workers early with: bkill -s TERM 'JOB[INDEX]'\n"
        f"{body(request, _NAME)}"
    )
