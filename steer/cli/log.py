"""Logging of the command line: to stderr, coloured on a terminal, plain lines otherwise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import click

from steer.printable import PrintableFormatter

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["configure", "log_options", "stderr_console"]

OURS = ("steer", "sims", "models")
LINE = "%(asctime)s %(levelname)-7s %(message)s"

_Command = TypeVar("_Command", bound=Callable[..., Any])


@cache
def stderr_console() -> Console:
    """The one rich console on stderr, shared by log and progress bars so that neither overwrites the other."""
    from rich.console import Console

    return Console(stderr=True)


def configure(ours: int, others: int = logging.WARNING) -> None:
    """Send the log to stderr, replacing what an earlier call set up.

    Parameters
    ----------
    ours : int
        Level of ``steer``, ``sims`` and ``models``.
    others : int
        Level of every other library.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if getattr(handler, "of_steer", False)]:
        root.removeHandler(handler)
    handler = _handler()
    handler.of_steer = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(others)
    for name in OURS:
        logging.getLogger(name).setLevel(ours)


def _handler() -> logging.Handler:
    if sys.stderr.isatty():
        from rich.logging import RichHandler

        rich = RichHandler(
            console=stderr_console(), show_path=False, log_time_format="%H:%M:%S", markup=False
        )
        rich.setFormatter(PrintableFormatter("%(message)s"))
        return rich
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter(LINE, datefmt="%H:%M:%S"))
    return handler


def _choose(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value == "verbose":
        configure(logging.DEBUG, logging.INFO)
    elif value == "quiet":
        configure(logging.WARNING)
    elif context.parent is None and not context.resilient_parsing:
        configure(logging.INFO)


def log_options(command: _Command) -> _Command:
    """Give a command the switches ``--verbose`` and ``--quiet``, and set up the log when it is called."""
    for name, short in (("quiet", "-q"), ("verbose", "-v")):
        option = click.option(
            short,
            f"--{name}",
            "log_level",
            flag_value=name,
            default=None,
            expose_value=False,
            callback=_choose,
            is_eager=True,
            help={"quiet": "Log warnings and errors only.", "verbose": "Log everything."}[name],
        )
        command = option(command)
    return command
