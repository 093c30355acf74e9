"""The command line: one command a file, imported only when it is called.

Data goes to stdout; log and progress go to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration,
3 environment not ready, 4 stopped and resumable, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from steer.cli.group import cli
from steer.cli.report import report_error

__all__ = ["cli", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code.

    Every error raised on purpose becomes one message on stderr and the exit code of its class. Anything else is a
    defect of ours: its traceback goes to a file that the message names.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows ``steer`` on the command line; ``sys.argv`` when absent.

    Raises
    ------
    SystemExit
        Always, with the exit code.
    """
    try:
        code = cli.main(arguments, prog_name="steer", standalone_mode=False)
    except Exception as error:
        sys.exit(report_error(error))
    except KeyboardInterrupt as interrupt:
        sys.exit(report_error(interrupt))
    sys.exit(code if isinstance(code, int) else 0)
