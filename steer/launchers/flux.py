"""Flux: a set of jobs, one submission each, sent SIGTERM before the limit.

Flux makes arrays when it submits (``flux submit --cc``), not from directives in a script: so the script submits itself.
"""

from __future__ import annotations

from string import Template

from steer.launchers.request import NOTICE, Request
from steer.launchers.shell import body
from steer.launchers.text import quote

__all__ = ["script"]

_NAME = '"flux-${FLUX_JOB_ID}-${FLUX_JOB_CC:-1}"'

_SUBMIT = Template("""\
#!/bin/bash
# bash THIS-FILE submits $workers worker(s); queue and bank may be given there: bash THIS-FILE --queue=gpu --bank=me
# End workers early with: flux job kill --signal=TERM JOB
if [ "$${1:-}" != work ]; then
    exec flux submit $options "$$@" bash "$$(realpath "$$0")" work
fi
""")


def script(request: Request) -> str:
    """A script that submits itself when it is run."""
    options = [
        f"--cc=1-{request.workers}",
        f"--job-name={quote(f'steer-{request.campaign}')}",
        "--ntasks=1",
        f"--cores-per-task={request.cpus}",
        "--output='steer-{{id}}.out'",
    ]
    if request.gpus:
        options.append(f"--gpus-per-task={request.gpus}")
    if request.walltime is not None:
        options += [f"--time-limit={int(request.walltime)}s", f"--signal=SIGTERM@{NOTICE}s"]
    head = _SUBMIT.substitute(workers=request.workers, options=" \\\n        ".join(options))
    return head + body(request, _NAME)
