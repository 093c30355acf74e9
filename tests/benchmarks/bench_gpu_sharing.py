"""How many simulations a device should run at once: the aggregate rate of 1, 2, 4, 8 and 16 that share it.

Each simulation is a process of its own, as a worker's jobs are. All build and relax their system, wait for one another,
and run for the same span of time; the aggregate rate is the sum of their steps over that span. Run on the machine with
the GPU (its CUDA MPS daemon on or off, as it will be for `steer worker`)::

    python tests/benchmarks/bench_gpu_sharing.py [--platform CUDA] [--counts 1 2 4 8 16] [--seconds 20] [--kinds cg aa]

``--platform CPU`` runs the same script on processor cores. The last line of each kind names the smallest number of
simulations that reaches 95% of the best aggregate rate: more of them only slow one another down.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from molecules import trpcage, trpcage_model

ENOUGH = 0.95
LONGEST_PREPARATION = 900.0  # s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", default="CUDA", help="OpenMM platform: CUDA, HIP, OpenCL, CPU")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=20.0, help="of production for each count")
    parser.add_argument("--kinds", nargs="+", choices=("cg", "aa"), default=["cg", "aa"])
    parser.add_argument(
        "--solvent", choices=("explicit", "implicit"), default="explicit", help="of the all-atom kind"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            start = Path(folder) / kind
            prepare(kind, options, start)
            rates = {count: aggregate(kind, count, options, start) for count in options.counts}
            best = max(rates.values())
            settled = min(count for count, rate in rates.items() if rate >= ENOUGH * best)
            print(
                f"{kind}: share the device among {settled}: {ENOUGH:.0%} of the best aggregate rate or more",
                flush=True,
            )


def prepare(kind: str, options: argparse.Namespace, folder: Path) -> None:
    """A relaxed state that all simulations of a kind begin from."""
    engine = make_engine(kind, options.platform, options.solvent)
    folder.mkdir()
    start = trpcage_model().positions if kind == "cg" else trpcage().positions
    engine.start(start, seed=1)
    engine.save(folder / "state.xml")
    print(
        f"{kind} on {options.platform}: {engine.dynamics.system.getNumParticles()} particles, "
        f"steps of {1000 * engine.timestep:g} fs",
        flush=True,
    )


def aggregate(kind: str, count: int, options: argparse.Namespace, folder: Path) -> float:
    """Steps a second of `count` simulations together; prints a line."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for index in range(count):
        ours, theirs = context.Pipe()
        words = (theirs, kind, options.platform, options.solvent, folder, index, options.seconds)
        process = context.Process(target=simulate, args=words)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        for pipe in pipes:
            expect(pipe, LONGEST_PREPARATION)
        for pipe in pipes:
            pipe.send("go")
        rates = [expect(pipe, 10 * options.seconds + 60) for pipe in pipes]
    finally:
        for process in processes:
            process.join(timeout=30)
            if process.is_alive():
                process.kill()
    total = sum(rates)
    print(
        f"  {count:3d} at once: {total:10.0f} steps/s together, {min(rates):9.0f} to {max(rates):9.0f} each",
        flush=True,
    )
    return total


def expect(pipe: Connection, seconds: float) -> Any:
    if not pipe.poll(seconds):
        raise TimeoutError(f"A simulation did not answer within {seconds:.0f} s.")
    answer = pipe.recv()
    if isinstance(answer, str) and answer != "ready":
        raise RuntimeError(answer)
    return answer


def simulate(
    pipe: Connection, kind: str, platform: str, solvent: str, folder: Path, index: int, seconds: float
) -> None:
    """One process: get ready, say so, wait, run, tell the rate."""
    try:
        engine = make_engine(kind, platform, solvent)
        engine.restore(folder / "state.xml")
        engine.dynamics.draw_velocities()
        engine.dynamics.advance(50)
        pipe.send("ready")
        pipe.recv()
        begin, first = time.perf_counter(), engine.step
        while time.perf_counter() - begin < seconds:
            engine.dynamics.advance(250 if kind == "cg" else 50)
        pipe.send((engine.step - first) / (time.perf_counter() - begin))
    except Exception as error:
        pipe.send(f"Simulation {index}: {type(error).__name__}: {error}")


def make_engine(kind: str, platform: str, solvent: str) -> Any:
    from sims.allatom import AllAtomOptions
    from sims.engines.allatom import AllAtomEngine
    from sims.engines.coarse import CoarseOptions, MartiniEngine
    from sims.platforms import choose_platform

    choice = choose_platform(platform)
    if kind == "cg":
        return MartiniEngine(trpcage_model(), CoarseOptions(), choice)
    options = AllAtomOptions(solvent=solvent)  # type: ignore[arg-type]
    return AllAtomEngine(trpcage(), trpcage_model().mapping, options, choice)


if __name__ == "__main__":
    main()
