"""Where workers are started: one printer of scripts or manifests for each batch system.

A new batch system is one new file, with a function from `Request` to text, and one line in `LAUNCHERS`. Nothing here
submits anything: batch systems start worker daemons and know nothing of jobs, which the daemons claim for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from steer.launchers.request import Request

__all__ = ["LAUNCHERS", "Launcher", "Request", "launcher"]

Launcher = Callable[[Request], str]
"""Writes the script or manifest that starts the workers of a request."""

LAUNCHERS: dict[str, str] = {
    "slurm": "steer.launchers.slurm:script",
    "pbs": "steer.launchers.pbs:script",
    "lsf": "steer.launchers.lsf:script",
    "flux": "steer.launchers.flux:script",
    "kubernetes": "steer.launchers.kubernetes:manifest",
}
"""Batch system to ``module:function``."""


def launcher(name: str) -> Launcher:
    """The printer for a batch system.

    Raises
    ------
    KeyError
        When there is none of that name.
    """
    module, _, attribute = LAUNCHERS[name].partition(":")
    found: Launcher = getattr(import_module(module), attribute)
    return found
