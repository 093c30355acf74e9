"""Cores of this machine that jobs have for themselves: agreed on between all workers and users (Linux).

A core belongs to the process that holds the abstract socket ``steer-core-N``. Nothing is ever said on it. The kernel
frees it however that process ends, no file is left behind, and programs it starts do not inherit it. Containers with
networks of their own do not see each other's sockets: whoever holds a core also looks whether it is alone there.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["busy_seconds", "claim", "claimed", "current", "in_order", "supported"]

_NAME = "steer-core-"
_SOCKETS = Path("/proc/net/unix")
_SELF = Path("/proc/self/stat")
_USE = Path("/proc/stat")
_CORES = Path("/sys/devices/system/cpu")
_WORK = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq; not idle, iowait, steal


def supported() -> bool:
    """Whether cores can be claimed and kept here."""
    return sys.platform == "linux" and hasattr(os, "sched_setaffinity")


def claim(core: int) -> socket.socket | None:
    """The sign that a core is ours, for as long as it is open; None when somebody else has it."""
    try:
        sign = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError:
        return None
    try:
        sign.bind(f"\0{_NAME}{core}")
    except OSError:
        sign.close()
        return None
    return sign


def claimed() -> set[int]:
    """Cores that somebody has, as far as this process can see."""
    try:
        names = [line.rpartition(" ")[2] for line in _SOCKETS.read_text(errors="replace").splitlines()]
    except OSError:
        return set()
    numbers = [name.removeprefix(f"@{_NAME}") for name in names if name.startswith(f"@{_NAME}")]
    return {int(number) for number in numbers if number.isdecimal()}


def in_order(cores: Iterable[int], taken: set[int], here: int) -> list[int]:
    """Cores as they should be tried.

    Those whose hyperthreads nobody has come first; among them the one this process runs on, since the system starts a
    process where there is room; then the lowest number.

    Parameters
    ----------
    cores : iterable of int
    taken : set of int
        See `claimed`.
    here : int
        See `current`.
    """
    free = [core for core in cores if core not in taken]
    return sorted(free, key=lambda core: (bool(_siblings(core) & taken), core != here, core))


def current() -> int:
    """The core this process last ran on (proc(5), ``processor``); -1 if untold."""
    try:
        return int(_SELF.read_text().rpartition(")")[2].split()[36])
    except OSError:
        return -1


def busy_seconds() -> dict[int, float]:
    """Seconds that each core has worked since the machine started (proc(5)), in steps of 10 ms; empty if untold."""
    try:
        lines = [line.split() for line in _USE.read_text().splitlines()]
    except OSError:
        return {}
    ticks = {int(line[0][3:]): line[1:] for line in lines if line and line[0][3:].isdecimal()}
    second = os.sysconf("SC_CLK_TCK")
    return {core: sum(int(row[column]) for column in _WORK) / second for core, row in ticks.items()}


def _siblings(core: int) -> set[int]:
    """The hyperthreads of a core, itself among them: ``0,64`` or ``0-1``."""
    try:
        text = (_CORES / f"cpu{core}" / "topology" / "thread_siblings_list").read_text()
    except OSError:
        return {core}
    siblings: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        siblings |= set(range(int(first), int(last or first) + 1))
    return siblings
