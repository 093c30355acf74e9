"""A core of its own for a job whose simulation has one thread on the CPU.

Such a simulation is two threads that hand work to each other ten times a step. On a machine with room to spare the
system puts them on two cores, and they wait for each other to wake up: on one core the same simulation is up to twice
as fast (``docs/benchmarks.md``, "Coarse-grained engine"). So a job claims a free core (`steer.cores`) and stays on it.

A process that is bound to one core cannot step aside. Now and then the job therefore looks whether something else uses
its core while another one stands idle, and moves there. Which core it is on changes no result: nothing that is
computed depends on it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from types import TracebackType
from typing import Self

from steer.cores import busy_seconds, claim, claimed, current, in_order, supported

__all__ = ["OwnCore"]

log = logging.getLogger(__name__)

_PERIOD = 10.0
_WINDOW = 1.0
_WORTH_MOVING = 0.2


class OwnCore:
    """Keeps this process, all threads of it, on a core that no other job has; does nothing where there is none.

    Programs that the process starts stay on that core too: they work while it waits for them.

    Parameters
    ----------
    period : float
        Seconds from one look at the use of the cores to the next.
    window : float
        Seconds that such a look takes.

    Attributes
    ----------
    core : int or None
        The core, when there is one.
    """

    def __init__(self, period: float = _PERIOD, window: float = _WINDOW) -> None:
        self.core: int | None = None
        self._period, self._window = period, window
        self._allowed: set[int] = set()
        self._sign: socket.socket | None = None
        self._leaving = threading.Event()
        self._watch = threading.Thread(target=self._keep_watch, name="own-core", daemon=True)

    def __enter__(self) -> Self:
        if supported():
            self._allowed = os.sched_getaffinity(0)
            self._settle(in_order(self._allowed, claimed(), current()))
            if len(self._allowed) > 1:
                self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        if self._watch.is_alive():
            self._watch.join()
        if self._sign is not None:
            self._sign.close()
            _bind(self._allowed)
        self._sign = self.core = None

    def _settle(self, cores: list[int]) -> None:
        """Take the first of these cores that can be had, and leave the present one for it."""
        for core in cores:
            if (sign := claim(core)) is None:
                continue
            if not _bind({core}):
                sign.close()
                continue
            if self._sign is not None:
                self._sign.close()
            self._sign, self.core = sign, core
            log.info("on core %d, which no other job has", core)
            return

    def _keep_watch(self) -> None:
        while not self._leaving.wait(self._period):
            if self._sign is None:
                self._settle(in_order(self._allowed, claimed(), current()))
            else:
                self._settle(self._better_cores())

    def _better_cores(self) -> list[int]:
        """Cores that stand idle for longer than ours is there for us, the idlest first."""
        began, busy, own = time.monotonic(), busy_seconds(), time.process_time()
        if self._leaving.wait(self._window):
            return []
        lasted, later, own = time.monotonic() - began, busy_seconds(), time.process_time() - own
        use = {
            core: (later[core] - busy[core]) / lasted for core in self._allowed & busy.keys() & later.keys()
        }
        if self.core not in use:
            return []
        others = max(0.0, use.pop(self.core) - own / lasted)
        better = [core for core in in_order(use, claimed(), self.core) if use[core] < others - _WORTH_MOVING]
        return sorted(better, key=lambda core: round(use[core], 1))


def _bind(cores: set[int]) -> bool:
    """Keep all threads of this process on these cores; False when the system does not let them."""
    # The first thread first: those that it starts meanwhile begin where it is.
    own = os.getpid()
    tasks = [own, *(int(name) for name in os.listdir("/proc/self/task") if name != str(own))]
    try:
        for task in tasks:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(task, cores)
    except OSError as error:
        log.info("the system chooses the cores: %s", error)
        return False
    return True
