"""The disturbances, one function a kind.

Each is given the stage and dice, does its worst at once, and returns what ends the disturbance after some seconds (a
suspended process goes on, the disk has room again), or None when the blow was all. False: there was nothing to hit at
this moment, try again in a moment.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .clock import find_compiler
from .disk import Disk
from .processes import alive, job_of, send
from .stage import NAME, Host, Stage

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["KINDS", "SPARING", "Arena", "Relief", "impossible"]

FREEZE = (0.5, 7.0)
HOUR = 3600.0


@dataclass(frozen=True)
class Relief:
    """The end of a disturbance.

    Attributes
    ----------
    after : float
        s until `end` is called.
    end : callable
    over : callable
        Whether the disturbance has passed, once `end` was called.
    """

    after: float
    end: Callable[[], None] = lambda: None
    over: Callable[[], bool] = lambda: True


@dataclass
class Arena:
    """What a strike can reach.

    Attributes
    ----------
    stage : Stage
    disk : Disk
    redis : callable
        A client with all rights, or None while there is no server.
    killed : dict of str to int
        How often the process of each job was killed by itself: the third time is a failure by design.
    hit : list of str
        What the strike hit, for the log.
    """

    stage: Stage
    disk: Disk
    redis: Callable[[], Redis | None]
    killed: dict[str, int]
    hit: list[str]


Result = Relief | None | bool


def _host(arena: Arena, dice: np.random.Generator, *, busy: bool = False) -> Host | None:
    hosts = [host for host in arena.stage.hosts if host.pid and (host.jobs or not busy)]
    if not hosts:
        return None
    host = hosts[dice.integers(len(hosts))]
    arena.hit.append(host.name)
    return host


def _job(arena: Arena, dice: np.random.Generator) -> int:
    jobs = sorted((name, pid) for pid, name in arena.stage.running_jobs().items() if name)
    jobs = [(name, pid) for name, pid in jobs if arena.killed.get(name, 0) < 2]
    if not jobs:
        return 0
    name, pid = jobs[dice.integers(len(jobs))]
    arena.hit.append(name)
    return pid


def kill_job(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 a job's process."""
    pid = _job(arena, dice)
    if not pid:
        return False
    name = job_of(pid)
    arena.killed[name] = arena.killed.get(name, 0) + 1
    send(pid, signal.SIGKILL)
    return None


def kill_worker(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 a worker daemon, and nothing else."""
    host = _host(arena, dice, busy=True)
    if host is None:
        return False
    send(host.pid, signal.SIGKILL)
    return None


def kill_worker_and_jobs(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 a worker daemon and its job processes, as the end of an allocation does."""
    host = _host(arena, dice, busy=True)
    if host is None:
        return False
    for pid in (*host.jobs, host.pid):
        send(pid, signal.SIGKILL)
    return None


def kill_coordinator(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 the coordinator."""
    if not (pid := arena.stage.coordinator_pid):
        return False
    send(pid, signal.SIGKILL)
    return None


def kill_redis(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 Redis; its append-only file stays."""
    if not (pid := arena.stage.redis_pid):
        return False
    send(pid, signal.SIGKILL)
    return None


def lose_redis(arena: Arena, dice: np.random.Generator) -> Result:
    """Kill -9 Redis and delete its data: everything in it is gone."""
    if not (pid := arena.stage.redis_pid):
        return False
    folder = arena.stage.root / "redis"
    for path in (*folder.glob("*.aof*"), *folder.glob("*.rdb"), folder / "appendonlydir"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    send(pid, signal.SIGKILL)
    return None


def _freeze(pid: int, dice: np.random.Generator) -> Result:
    if not pid:
        return False
    send(pid, signal.SIGSTOP)
    return Relief(float(dice.uniform(*FREEZE)), lambda: send(pid, signal.SIGCONT))


def freeze_job(arena: Arena, dice: np.random.Generator) -> Result:
    """SIGSTOP a job's process; SIGCONT after a while."""
    return _freeze(_job(arena, dice), dice)


def freeze_worker(arena: Arena, dice: np.random.Generator) -> Result:
    """SIGSTOP a worker daemon, past its lease or not; SIGCONT."""
    host = _host(arena, dice, busy=True)
    return _freeze(host.pid if host else 0, dice)


def freeze_coordinator(arena: Arena, dice: np.random.Generator) -> Result:
    """SIGSTOP and SIGCONT the coordinator."""
    return _freeze(arena.stage.coordinator_pid, dice)


def freeze_redis(arena: Arena, dice: np.random.Generator) -> Result:
    """SIGSTOP and SIGCONT Redis."""
    return _freeze(arena.stage.redis_pid, dice)


def sigterm(arena: Arena, dice: np.random.Generator) -> Result:
    """SIGTERM a worker: it saves, hands back and goes."""
    host = _host(arena, dice, busy=True)
    if host is None:
        return False
    pid = host.pid
    send(pid, signal.SIGTERM)
    return Relief(0.0, over=lambda: not alive(pid))


def walltime(arena: Arena, dice: np.random.Generator) -> Result:
    """A worker with a short walltime, which the batch system ends with SIGTERM while it is leaving already."""
    host = _host(arena, dice)
    if host is None:
        return False
    grace = 5.0
    host.options = {"walltime": grace + float(dice.uniform(3.0, 6.0)), "grace": grace}
    batch = _BatchSystem(host, arena.stage.folder / f"{host.name}.log")
    send(host.pid, signal.SIGTERM)
    return Relief(0.0, over=batch.is_done)


class _BatchSystem:
    """Sends SIGTERM to the next worker of a host once that has begun to leave because of its walltime."""

    def __init__(self, host: Host, log: Path) -> None:
        self._host, self._log, self._read = host, log, log.stat().st_size
        self._replaced, self._told = host.pid, 0
        self._deadline = time.monotonic() + 40.0

    def is_done(self) -> bool:
        """Whether the allocation is over; also when another strike ended the worker before its time."""
        if not self._told and b"the walltime is near" in self._log.read_bytes()[self._read :]:
            self._told = self._host.pid
            send(self._told, signal.SIGTERM)
        if time.monotonic() > self._deadline:
            return True
        return bool(self._told) and not alive(self._replaced) and not alive(self._told)


def deliver_twice(arena: Arena, dice: np.random.Generator) -> Result:
    """A job, the news of its end, or a frame, delivered a second time."""
    redis = arena.redis()
    if redis is None:
        return False
    streams = [f"{NAME}:{kind}:stream" for kind in ("cg", "refine", "train")]
    streams += [f"{NAME}:events", f"{NAME}:frames"]
    for i in dice.permutation(len(streams)):
        entries: Any = redis.xrange(streams[i], count=100)
        if entries:
            redis.xadd(streams[i], entries[dice.integers(len(entries))][1])
            arena.hit.append(streams[i])
            return None
    return False


def fill_disk(arena: Arena, dice: np.random.Generator) -> Result:
    """No room on the disk of the campaign directory, for a while."""
    if not arena.disk.mounted:
        return False
    arena.disk.fill()
    return Relief(float(dice.uniform(1.0, 6.0)), arena.disk.free)


def jump_clock(arena: Arena, dice: np.random.Generator) -> Result:
    """The clock of one host is set forward or back, by a minute to a day."""
    clocks = {"head": arena.stage.head, **{host.name: host.clock for host in arena.stage.hosts}}
    name = sorted(clocks)[dice.integers(len(clocks))]
    seconds = float(dice.choice([-1, 1]) * np.exp(dice.uniform(np.log(60), np.log(24 * HOUR))))
    clocks[name].jump(seconds)
    arena.hit.append(f"{name} {seconds:+.0f} s")
    return None


def cut_in_frame(arena: Arena, dice: np.random.Generator) -> Result:
    """The connection breaks in the middle of a frame."""
    proxy, before = arena.stage.proxy, arena.stage.proxy.cuts
    proxy.cut_next_frame(int(dice.integers(20, 220)))
    deadline = time.monotonic() + 15.0
    while proxy.cuts == before and time.monotonic() < deadline:
        arena.stage.keep()
        time.sleep(0.02)
    return None if proxy.cuts > before else False


def part_network(arena: Arena, dice: np.random.Generator) -> Result:
    """The workers cannot reach Redis for a while."""
    arena.stage.proxy.part()
    return Relief(float(dice.uniform(*FREEZE)), arena.stage.proxy.heal)


KINDS: dict[str, Callable[[Arena, np.random.Generator], Result]] = {
    "job": kill_job,
    "worker": kill_worker,
    "worker and jobs": kill_worker_and_jobs,
    "coordinator": kill_coordinator,
    "redis": kill_redis,
    "redis and its data": lose_redis,
    "freeze job": freeze_job,
    "freeze worker": freeze_worker,
    "freeze coordinator": freeze_coordinator,
    "freeze redis": freeze_redis,
    "sigterm": sigterm,
    "walltime": walltime,
    "twice": deliver_twice,
    "disk full": fill_disk,
    "clock": jump_clock,
    "cut in frame": cut_in_frame,
    "partition": part_network,
}
"""What can be done, by name."""

SPARING = {"coordinator", "redis", "redis and its data", "freeze coordinator", "cut in frame"}
"""Kinds that no simulation may feel: its process goes on."""


def impossible(folder: Path) -> dict[str, str]:
    """Kinds that cannot be tried on this machine, with the reason.

    Parameters
    ----------
    folder : Path
        An empty place to try things in.
    """
    reasons = {} if find_compiler() else {"clock": "there is no C compiler"}
    disk = Disk(folder / "trial-disk")
    disk.close()
    disk.folder.rmdir()
    return reasons if disk.mounted else {**reasons, "disk full": "only root may mount a small disk"}
