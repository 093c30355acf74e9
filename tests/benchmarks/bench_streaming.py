"""What a simulation pays for being watched: the same Martini simulation bare, in our run loop, and streaming to Redis.

Arms, in turns from the same state:

- *bare*: nothing but integrator steps;
- *kept*: `sims.run.run_simulation` as a worker calls it, trajectory and final state on disk, frames handed to nobody;
- *streamed*: the same, and every frame encoded, put into the outbox and published to a real Redis by its thread.

Rates of separate runs differ by more than the cost that is looked for, so it is also counted inside each run: processor
seconds of the whole process, outbox thread included, that were not spent in integrator steps. Run::

    python tests/benchmarks/bench_streaming.py [--steps 10000] [--repeats 5] [--every 5000 500 50]

5,000 steps are the default interval of frames (100 ps), 500,000 those between saved states (10 ns).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import openmm

from sims.engines.coarse import CoarseOptions, MartiniEngine
from sims.engines.dynamics import Dynamics
from sims.engines.protocol import EngineFrame
from sims.engines.states import read_state, read_system
from sims.platforms import choose_platform
from sims.run import run_simulation
from sims.trajectory import PartWriter
from steer.connection import connect
from steer.frames import Frame, encode
from steer.outbox import Outbox
from steer.redis_stream import RedisFramePublisher
from steer.server import EmbeddedRedis

sys.path.insert(0, str(Path(__file__).parents[1]))
from molecules import trpcage_model

LANGEVIN = openmm.LangevinMiddleIntegrator
SEGMENT = 500_000
PARTS = {
    "checks": (Dynamics, "_check_motion"),
    "frames": (MartiniEngine, "_frame"),
    "trajectory": (PartWriter, "write"),
    "part": (PartWriter, "finish"),
    "state": (MartiniEngine, "save"),
}


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes
    ----------
    rate : float
        Steps per processor second, states and all.
    wall_rate : float
        Steps per second.
    extra : float
        Processor seconds outside the integrator's steps, the saving of states left out, over those inside.
    parts : dict of str to float
        Processor seconds by what they were spent on.
    """

    rate: float
    wall_rate: float
    extra: float
    parts: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--every", type=int, nargs="+", default=[5000, 500, 50])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder / "start")
        server = EmbeddedRedis(folder / "redis", folder / "redis.log", "bench")
        with server, closing(connect(server.worker_connection)) as client:
            arms: dict[tuple[str, int], Callable[[Path], Cost]] = {
                ("bare", 0): lambda path: bare(path, options.steps)
            }
            for every in options.every:
                arms["kept", every] = lambda path, every=every: watched(
                    path, options.steps, every, lambda _: None
                )
                arms["streamed", every] = lambda path, every=every: streamed(
                    path, options.steps, every, client
                )
            costs = defaultdict(list)
            for repeat in range(options.repeats):
                names = list(arms)
                for arm in names if repeat % 2 == 0 else reversed(names):
                    run = folder / "run"
                    shutil.copytree(folder / "start", run)
                    costs[arm].append(arms[arm](run))
                    shutil.rmtree(run)
    tell(costs, options.steps)


def engine() -> MartiniEngine:
    return MartiniEngine(trpcage_model(), CoarseOptions(), choose_platform("CPU"))


def prepare(folder: Path) -> None:
    """A folder with a relaxed state at step 0."""
    first = engine()
    run_simulation(
        first,
        folder,
        start=trpcage_model().positions,
        seed=1,
        steps=0,
        segment=1,
        every=1,
        on_frame=lambda _: None,
    )
    print(f"{first.dynamics.system.getNumParticles()} beads, {trpcage_model().n_beads} followed")


# -- arms ---------------------------------------------------------------------------------------------------------


def bare(folder: Path, steps: int) -> Cost:
    """The integrator alone, made from the files of the state."""
    options = CoarseOptions()
    integrator = LANGEVIN(options.temperature, options.friction, options.timestep)
    choice = choose_platform("CPU")
    context = openmm.Context(read_system(folder), integrator, choice.platform, choice.properties)
    context.setState(read_state(folder / "state-000000000000.xml"))
    wall, processor = time.perf_counter(), time.process_time()
    integrator.step(steps)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return Cost(steps / processor, steps / wall, 0.0, {})


def watched(folder: Path, steps: int, every: int, on_frame: Callable[[EngineFrame], None]) -> Cost:
    """`run_simulation` from the state to `steps`, everything counted."""
    runner = engine()
    with counted() as spent:
        wall, processor = time.perf_counter(), time.process_time()
        summary = run_simulation(
            runner,
            folder,
            start=trpcage_model().positions,
            seed=1,
            steps=steps,
            segment=SEGMENT,
            every=every,
            on_frame=lambda frame: timed(spent, "publishing", on_frame, frame),
            progress=lambda phase, fraction: None,
            should_stop=lambda: False,
        )
        processor = time.process_time() - processor
        wall = time.perf_counter() - wall
    # Reading the state back happens once a job, writing it once a segment: both are told apart.
    processor -= spent["restoring"]
    inside = spent["steps"]
    extra = processor - inside - spent["state"] - spent["part"]
    return Cost(
        steps / (processor - spent["state"] - spent["part"]),
        steps / summary.seconds,
        extra / inside,
        dict(spent),
    )


def streamed(folder: Path, steps: int, every: int, client: object) -> Cost:
    publisher = RedisFramePublisher(client, "bench")  # type: ignore[arg-type]
    outbox = Outbox(publisher, folder / "outbox")

    def publish(frame: EngineFrame) -> None:
        message = encode(
            Frame(
                campaign="bench",
                simulation="cg-000001",
                level="cg",
                step=frame.step,
                time=frame.time,
                box=frame.box,
                force_field=1,
                published=time.time(),
                positions=frame.positions,
            )
        )
        outbox.put([message])

    clock = time.pthread_getcpuclockid(outbox._thread.ident)
    cost = watched(folder, steps, every, publish)
    outbox.flush(10.0)
    sending = time.clock_gettime(clock)
    outbox.close()
    # The thread works while the integrator does, whose seconds therefore hold its own.
    inside = cost.parts["steps"] - sending
    extra = (cost.extra * cost.parts["steps"] + sending) / inside
    return Cost(cost.rate, cost.wall_rate, extra, {**cost.parts, "outbox thread": sending})


# -- counting -----------------------------------------------------------------------------------------------------


@contextmanager
def counted() -> Iterator[dict[str, float]]:
    """Count the seconds of what a run does besides stepping (of this thread) and of stepping (of all)."""
    spent: dict[str, float] = defaultdict(float)
    patches = [patch.object(LANGEVIN, "step", counting(spent, "steps", LANGEVIN.step, time.process_time))]
    patches += [
        patch.object(owner, method, counting(spent, name, getattr(owner, method), time.process_time))
        for name, (owner, method) in {**PARTS, "restoring": (MartiniEngine, "restore")}.items()
    ]
    for one in patches:
        one.start()
    try:
        yield spent
    finally:
        for one in patches:
            one.stop()


def counting(
    spent: dict[str, float], name: str, function: Callable[..., object], clock: Callable[[], float]
) -> Callable[..., object]:
    def wrapper(*arguments: object, **words: object) -> object:
        begin = clock()
        try:
            return function(*arguments, **words)
        finally:
            spent[name] += clock() - begin

    return wrapper


def timed(spent: dict[str, float], name: str, function: Callable[..., object], *arguments: object) -> None:
    begin = time.thread_time()
    function(*arguments)
    spent[name] += time.thread_time() - begin


# -- telling ------------------------------------------------------------------------------------------------------


def tell(costs: dict[tuple[str, int], list[Cost]], steps: int) -> None:
    base = costs["bare", 0]
    print(
        "arm, steps between frames: steps per processor second (range); against bare; cost counted inside (range)"
    )
    for (arm, every), runs in costs.items():
        rates = [run.rate for run in runs]
        ratios = [run.rate / other.rate for run, other in zip(runs, base, strict=True)]
        extra = [100 * run.extra for run in runs]
        print(
            f"{arm:<9}{every or '':>6}  {statistics.median(rates):7.0f} ({min(rates):.0f} to {max(rates):.0f})"
            f"  {statistics.median(ratios):6.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
            f"  {statistics.median(extra):6.2f} % ({min(extra):.2f} to {max(extra):.2f})"
        )
    print("\nprocessor milliseconds for 10,000 steps, and for one frame; medians:")
    for (arm, every), runs in costs.items():
        if not every:
            continue
        frames = max(1, steps // every)
        for name in sorted(set().union(*(run.parts for run in runs))):
            if name in ("restoring", "state", "part", "steps"):
                continue
            spent = statistics.median(run.parts.get(name, 0.0) for run in runs)
            print(
                f"  {arm:<9}{every:>6} {name:<14}{1e7 * spent / steps:9.2f} ms {1e3 * spent / frames:9.3f} ms a frame"
            )
    watched_runs = [run for (arm, _), runs in costs.items() if arm != "bare" for run in runs]
    once = {name: statistics.median(run.parts[name] for run in watched_runs) for name in ("state", "part")}
    a_step = statistics.median(1 / run.rate for run in base)
    print(
        f"once a segment: state {1e3 * once['state']:.0f} ms, trajectory part {1e3 * once['part']:.0f} ms; together "
        f"{100 * sum(once.values()) / (SEGMENT * a_step):.3f} % of {SEGMENT:,} steps"
    )


if __name__ == "__main__":
    main()
