"""What the scripts of all batch systems have in common: becoming the worker.

The shell is replaced by the worker (``exec``), so that a signal for the batch job's first process reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from steer.launchers.request import Request
from steer.launchers.text import quote

__all__ = ["body"]

_BODY = Template("""\
set -euo pipefail

directory=$directory
steer=$command
steer=$${STEER_COMMAND:-$$steer} # another installation on the compute nodes
name=$name
name=$${name//[^A-Za-z0-9._-]/-}
name=$${name:0:64}

if [ ! -r "$$directory/campaign.toml" ]; then
    printf 'The campaign directory %s is not visible on %s.\\n' "$$directory" "$$(uname -n)" >&2
    exit 3
fi
$password
printf 'Worker %s on %s writes to %s.\\n' "$$name" "$$(uname -n)" "$$directory/logs/worker-$$name.log"
exec "$$steer" worker $arguments \\
    </dev/null >>"$$directory/logs/worker-$$name.log" 2>&1
""")

_PASSWORD = """
# The password is in no script: it comes from the environment or from a file that only its owner may read.
if [ -z "${STEER_REDIS_PASSWORD:-}" ] && [ -r "$directory/redis/password" ]; then
    IFS= read -r STEER_REDIS_PASSWORD <"$directory/redis/password" || true
    export STEER_REDIS_PASSWORD
fi
"""


def body(request: Request, name: str) -> str:
    """The end of a script: it finds the campaign directory and becomes the worker.

    Parameters
    ----------
    request : Request
    name : str
        The worker's name in bash, made of what the batch system calls the job; not quoted here.
    """
    arguments = [] if request.url is None else [quote(request.url)]
    arguments += ['--directory "$directory"', '--name "$name"', *_quoted(request.options)]
    return _BODY.substitute(
        directory=quote(str(request.directory)),
        command=quote(request.command),
        name=name,
        password="" if request.url is None else _PASSWORD,
        arguments=" \\\n    ".join(arguments),
    )


def _quoted(options: Sequence[tuple[str, ...]]) -> list[str]:
    return [" ".join([option[0], *map(quote, option[1:])]) for option in options]
