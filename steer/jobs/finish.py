"""How a running simulation is told that it has seen enough: a file in its folder.

It lives and dies with the folder, not with a queue or a connection: a worker that takes the job over finds it too, and a
coordinator that comes back writes it again from the journal.
"""

from __future__ import annotations

import time
from pathlib import Path

from sims.files import write_atomic

__all__ = ["FinishRequest", "finish_requested", "request_finish"]

_FILE = "finish-request"
_LOOK_EVERY = 1.0


def request_finish(folder: Path) -> None:
    """Ask the simulation in this folder to end at its next frame."""
    if not finish_requested(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / _FILE, "")


def finish_requested(folder: Path) -> bool:
    """Whether the simulation in this folder was asked to end."""
    return (folder / _FILE).exists()


class FinishRequest:
    """Looks for the request, once a second at most: the folder may be on a slow file system.

    Parameters
    ----------
    folder : Path
        The simulation's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = float("-inf")
        self.asked = False

    def look(self) -> bool:
        """Whether the simulation is to end."""
        if not self.asked and time.monotonic() - self._looked >= _LOOK_EVERY:
            self._looked = time.monotonic()
            self.asked = finish_requested(self._folder)
        return self.asked
