"""No process outlives its worker: the kernel's parent-death signal, and the guard that ends what that one misses."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import BinaryIO, Self

__all__ = ["Guard", "die_with", "guard", "kill_group"]

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have this process killed when its parent dies (Linux); ends it at once when that has happened already.

    Parameters
    ----------
    parent : int
        Process id that the parent must have.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def kill_group(group: int) -> None:
    """Kill a whole process group; nothing happens when it is gone."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


class Guard:
    """A small process beside the worker that kills the process groups of its jobs when the worker dies.

    The parent-death signal reaches a job's own process but not the ones it started. The guard holds the reading end of
    a pipe: when the worker is gone, however it ended, the pipe closes.
    """

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        command = [sys.executable, "-P", "-m", "steer.jobs.lifeline"]
        self._process = subprocess.Popen(command, stdin=reading, start_new_session=True)
        os.close(reading)
        self._pipe = os.fdopen(writing, "wb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.wait()

    def watch(self, group: int) -> None:
        """Kill this group should the worker die."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """This group has ended."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        try:
            self._pipe.write(line.encode())
        except BrokenPipeError:
            log.warning("The guard process is gone; jobs are still tied to this worker by the kernel")


def guard(lines: BinaryIO) -> None:
    """Read ``+group`` and ``-group`` lines until the end, then kill the groups that are left."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith(b"+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in sorted(groups):
        kill_group(group)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    guard(sys.stdin.buffer)
