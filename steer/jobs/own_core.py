"""A core of its own for a job whose simulation has one thread on the CPU.

Such a simulation is two threads that hand work to each other ten times a step. On a machine with room to spare the
system puts them on two cores, and they wait for each other to wake up: on one core the same simulation is up to 1.5 times
as fast (``docs/benchmarks.md``, "Coarse-grained engine"). So a job claims a free core (`steer.cores`) and stays on it.

A process that is bound to one core cannot step aside. Now and then the job therefore looks whether something else uses
its core, and then moves to one that stands idle, or lets go where there is none: on cores that are all busy the system
keeps the two threads together by itself. Which core it is on changes no result: nothing that is computed depends on it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

from steer.cores import busy_seconds, claim, claimed, current, in_order, supported

__all__ = ["OwnCore"]

log = logging.getLogger(__name__)

_PERIOD = 10.0
_WINDOW = 1.0
_MUCH = 0.2


class _Use(NamedTuple):
    """Shares of a time that cores worked: ours for others than this process, the rest for anybody."""

    others_here: float
    elsewhere: dict[int, float]


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
        self._level = logging.INFO
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
        self._let_go()

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
            log.log(self._level, "on core %d, which no other job has", core)
            self._level = logging.DEBUG
            return

    def _let_go(self) -> None:
        """Run on any core again."""
        if self._sign is not None:
            _bind(self._allowed)
            self._sign.close()
        self._sign = self.core = None

    def _keep_watch(self) -> None:
        while not self._leaving.wait(self._period):
            use = self._look()
            if use is not None:
                self._act(use)

    def _act(self, use: _Use) -> None:
        better = self._better_cores(use)
        if better:
            self._settle(better)
        elif use.others_here > _MUCH:
            log.debug("core %s is shared and no other is idle: on any core", self.core)
            self._let_go()

    def _better_cores(self, use: _Use) -> list[int]:
        """Cores that stand idle for longer than ours is there for us, the idlest first."""
        limit = 1.0 - _MUCH if self.core is None else use.others_here - _MUCH
        cores = in_order(use.elsewhere, claimed(), current())
        better = [core for core in cores if use.elsewhere[core] < limit]
        return sorted(better, key=lambda core: round(use.elsewhere[core], 1))

    def _look(self) -> _Use | None:
        """How much the cores are used; None when that cannot be seen."""
        began, busy, own = time.monotonic(), busy_seconds(), time.process_time()
        if self._leaving.wait(self._window):
            return None
        lasted, later, own = time.monotonic() - began, busy_seconds(), time.process_time() - own
        seen = self._allowed & busy.keys() & later.keys()
        elsewhere = {core: (later[core] - busy[core]) / lasted for core in seen}
        if self.core is None:
            return _Use(0.0, elsewhere)
        here = elsewhere.pop(self.core, None)
        return None if here is None else _Use(max(0.0, here - own / lasted), elsewhere)


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
