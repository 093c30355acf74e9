"""How an error reaches the user: one message on stderr, an exit code, and never a traceback."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

import click

from steer.exceptions import USER_ERRORS
from steer.printable import printable
from steer.room import lacks_room

__all__ = ["FAILED", "INTERRUPTED", "NOT_READY", "OK", "STOPPED", "USAGE", "report_error"]

OK = 0
"""Done."""
FAILED = 1
"""Failed."""
USAGE = 2
"""Wrong usage or configuration."""
NOT_READY = 3
"""This machine lacks something."""
STOPPED = 4
"""Stopped and resumable."""
INTERRUPTED = 130
"""Ended by Ctrl-C."""


def report_error(error: BaseException) -> int:
    """Tell the user what went wrong.

    Parameters
    ----------
    error : BaseException
        What ended the command.

    Returns
    -------
    int
        The exit code.
    """
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, USER_ERRORS):
        told = printable(str(error), keep="\n")
        click.echo(f"Error: {told}", err=True)
        return error.exit_code
    if lacks_room(error):
        click.echo(f"Error: there is no room on the disk ({error}); make some and try again.", err=True)
        return NOT_READY
    return _report_defect(error)


def _report_defect(error: BaseException) -> int:
    told = f"Error: steer failed unexpectedly with {type(error).__name__}: {error}."
    text = "".join(traceback.format_exception(error))
    try:
        path = _keep(text)
    except OSError:
        click.echo(f"{text}\n{told} Please report this with the traceback above.", err=True)
    else:
        click.echo(f"{told} Please report this with the traceback in {path}.", err=True)
    return FAILED


def _keep(text: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="steer-error-", suffix=".log")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return Path(name)
