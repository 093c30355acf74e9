"""What a core of its own gives a simulation: `steer.jobs.own_core` against leaving it to the system, in turns.

Each job is a process with one simulation of the *fast* form on one thread, as a worker runs it, and works in one arm as
it does in the other: *own* inside `OwnCore`, *system* without. Rates are steps per second of wall time, of all jobs
together. Beside them may work processes that only use time, and that the system may move, or that are bound to the
core of the job. What else the machine did meanwhile is told: where that is not next to nothing, both arms find the cores
busy and differ less. Use two cores (``taskset -c 0,1``). Run::

    python tests/benchmarks/bench_cores.py [--sizes 742 2748] [--cases "one job" "two jobs"] [--repeats 5] [--seconds 3]
        [--bound 3] [--long 30]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Self

import openmm
from bench_engine import TEMPERATURE, TRPCAGE, equilibrated, of_size, open_context, system_of
from numpy.typing import NDArray

from sims.martini.martinize import MartinizeOptions, martinize
from sims.martini.model import CoarseModel
from sims.structure import Structure
from steer.cores import busy_seconds
from steer.jobs.own_core import OwnCore

ARMS = ("system", "own")
BUSY = "import os, sys; cores = sys.argv[1:]\nif cores: os.sched_setaffinity(0, map(int, cores))\nwhile True: pass"
WARM = 0.3


class Case(NamedTuple):
    """Jobs at once, and what works beside them."""

    name: str
    jobs: int
    busy: int = 0


CASES = (
    Case("one job", 1),
    Case("two jobs", 2),
    Case("three jobs", 3),
    Case("one job, one busy process", 1, 1),
    Case("two jobs, one busy process", 2, 1),
    Case("two jobs, two busy processes", 2, 2),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[742, 2748], help="beads in all, about")
    names = [case.name for case in CASES]
    parser.add_argument("--cases", nargs="*", default=names, choices=names, metavar="NAME")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument(
        "--bound", type=int, default=3, help="repeats with a busy process bound to the job's core"
    )
    parser.add_argument("--long", type=float, default=30.0, help="seconds of each of those")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = martinize(Structure.read(TRPCAGE), MartinizeOptions(), Path(folder) / "model")
    for size in options.sizes:
        with jobs(model, size, max(case.jobs for case in CASES)) as pipes:
            for case in CASES:
                if case.name in options.cases:
                    compare(case, pipes[: case.jobs], options.repeats, options.seconds)
            if options.bound:
                compare_bound(pipes[0], options.bound, options.long)


@contextmanager
def jobs(model: CoarseModel, size: int, count: int) -> Iterator[list[Connection]]:
    """Processes that wait to be told how to go on with their simulations."""
    solvated = of_size(model, size)
    system = system_of("fast", model, solvated)
    positions = equilibrated(system, solvated)
    print(f"\n{len(positions)} beads, {len(os.sched_getaffinity(0))} cores", flush=True)
    spawn, pipes = multiprocessing.get_context("spawn"), []
    print(
        f"  {'':<48} {'system':>8} {'slowest':>8} {'own':>8} {'slowest':>8}   ratio (range), others' share of the cores"
    )
    for _ in range(count):
        ours, theirs = spawn.Pipe()
        text = openmm.XmlSerializer.serialize(system)
        spawn.Process(target=simulate, args=(text, positions, theirs), daemon=True).start()
        theirs.close()
        ours.recv()
        pipes.append(ours)
    yield pipes
    for pipe in pipes:
        pipe.close()


def simulate(system: str, positions: NDArray, orders: Connection) -> None:
    """A job: go on for as long as it is told, with a core of its own or without, until nobody asks any more."""
    context, integrator = open_context(openmm.XmlSerializer.deserialize(system), positions, 1)
    context.setVelocitiesToTemperature(TEMPERATURE, 1)
    orders.send(None)
    while True:
        try:
            arm, seconds = orders.recv()
        except EOFError:
            return
        with OwnCore() if arm == "own" else nullcontext() as own:
            orders.send(None if own is None else own.core)
            advance(integrator, WARM)
            orders.send(advance(integrator, seconds))


def advance(integrator: openmm.Integrator, seconds: float) -> float:
    """Steps per second of wall time."""
    began, steps = time.perf_counter(), 0
    while (lasted := time.perf_counter() - began) < seconds:
        integrator.step(50)
        steps += 50
    return steps / lasted


class Others:
    """What of all cores' time other processes took than those that the benchmark runs."""

    def __enter__(self) -> Self:
        self._began, self._busy = time.monotonic(), self._worked()
        return self

    def __exit__(self, *_: object) -> None:
        lasted = (time.monotonic() - self._began) * len(os.sched_getaffinity(0))
        self.share = max(0.0, (self._worked() - self._busy) / lasted)

    def _worked(self) -> float:
        cores = busy_seconds()
        own = sum(processor_seconds(pid) for pid in descendants(os.getpid()))
        ended = os.times()
        return sum(cores[core] for core in os.sched_getaffinity(0)) - own - ended[2] - ended[3]


def descendants(pid: int) -> list[int]:
    """A process and all that it has started."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *chain.from_iterable(descendants(int(child)) for child in started)]


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(case: Case, pipes: list[Connection], repeats: int, seconds: float) -> None:
    """Both arms in turns, with and without a core of its own for each job."""
    rates: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    with Others() as others, ExitStack() as stack:
        for _ in range(case.busy):
            stack.enter_context(busy())
        for repeat in range(repeats):
            for arm in ARMS if repeat % 2 == 0 else reversed(ARMS):
                for pipe in pipes:
                    pipe.send((arm, seconds))
                for pipe in pipes:
                    pipe.recv()
                rates[arm].append([pipe.recv() for pipe in pipes])
    tell(case.name, rates, others.share)


def compare_bound(pipe: Connection, repeats: int, seconds: float) -> None:
    """A process that is bound to the job's core, or to any, comes when the job has begun."""
    rates: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    with Others() as others:
        for _ in range(repeats):
            for arm in ARMS:
                pipe.send((arm, seconds))
                core = pipe.recv()
                with busy(min(os.sched_getaffinity(0)) if core is None else core):
                    rates[arm].append([pipe.recv()])
    tell(f"one job, {seconds:g} s with a busy process on its core", rates, others.share)


@contextmanager
def busy(*cores: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", BUSY, *map(str, cores)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def tell(name: str, rates: dict[str, list[list[float]]], others: float) -> None:
    sums = {arm: [sum(each) for each in rates[arm]] for arm in ARMS}
    ratios = [own / system for own, system in zip(sums["own"], sums["system"], strict=True)]
    told = " ".join(
        f"{statistics.median(sums[arm]):8.0f} {statistics.median(map(min, rates[arm])):8.0f}" for arm in ARMS
    )
    print(
        f"  {name:<48} {told}   {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), {others:.1%}",
        flush=True,
    )


if __name__ == "__main__":
    main()
