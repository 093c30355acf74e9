"""Looking at processes by way of /proc."""

from __future__ import annotations

import os
import signal
from pathlib import Path

__all__ = ["alive", "children", "job_of", "send"]


def alive(pid: int) -> bool:
    """Whether a process runs or is suspended; a zombie does neither."""
    return _stat(pid)[0] not in ("", "Z", "X")


def children(pid: int) -> list[int]:
    """The job processes that a worker daemon has started."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [child for child in pids if _stat(child)[1] == str(pid) and _is_job(child)]


def job_of(child: int) -> str:
    """Name of the folder of the job that a process does; empty when it is gone."""
    try:
        return Path(os.readlink(f"/proc/{child}/fd/1")).stem
    except OSError:
        return ""


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; nothing happens when the process is gone, or `pid` is 0, which the kernel takes for all of us."""
    try:
        if pid > 0:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def _is_job(pid: int) -> bool:
    try:
        return b"steer.jobs.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _stat(pid: int) -> tuple[str, str]:
    """State and parent."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[1]
