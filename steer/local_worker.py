"""The worker daemon that `steer run` starts on its own machine."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from steer.connection import PASSWORD_VARIABLE, Connection

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory
    from steer.fleet import Fleet

__all__ = ["LocalWorker"]

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""s that the worker may take to save its jobs' states and end."""


class LocalWorker:
    """A worker daemon as a child process, in a session of its own: it outlives a coordinator that is killed.

    A resumed campaign whose old local worker is still attached starts no second one.

    Parameters
    ----------
    directory : CampaignDirectory
    connection : Connection
        The password goes by environment, never on the command line.
    slots : int or None
        Jobs at once; None for what the machine has.
    fleet : Fleet
        To see who is attached.

    Attributes
    ----------
    hurry : bool
        Kill it at the end instead of letting its jobs save their states.
    """

    def __init__(
        self, directory: CampaignDirectory, connection: Connection, slots: int | None, fleet: Fleet
    ) -> None:
        self.name = f"local-{socket.gethostname()}"
        self._directory, self._connection, self._slots, self._fleet = directory, connection, slots, fleet
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.hurry = False

    def __enter__(self) -> Self:
        for worker in self._fleet.workers():
            if worker.name == self.name and _lives(worker.pid):
                log.info("the local worker of an earlier run is still attached")
                self._pid = worker.pid
                return self
        environment = {**os.environ, PASSWORD_VARIABLE: self._connection.password}
        with Path(self._directory.logs / "worker.log").open("ab") as output:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        self._pid = self._process.pid
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._signal(signal.SIGTERM)
        if not self._gone_within(0.0 if self.hurry else PATIENCE):
            if not self.hurry:
                log.warning(
                    "the local worker did not end within %g s of being asked to, and is killed", PATIENCE
                )
            self._signal(signal.SIGKILL)
            self._gone_within(PATIENCE)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._runs():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        return True

    def _runs(self) -> bool:
        return _lives(self._pid) if self._process is None else self._process.poll() is None

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "steer", "worker", self._connection.shown]
        command += ["--directory", str(self._directory.root), "--name", self.name]
        return command if self._slots is None else [*command, "--slots", str(self._slots)]


def _lives(pid: int) -> bool:
    """Whether a process of this machine runs: a killed worker stays listed for some seconds."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
