"""How long each selection rule takes and how well it covers, all of them in one run on the same candidates.

Run it as ``python tests/benchmarks/bench_selection.py [--candidates 300000] [--dimensions 9] [--picks 100]``. A
share of the candidates (`--rare`, a tenth) lies in 20 tight clusters about a Gaussian cloud of the others. ``dynim, one
at a time`` is the published rule asked for one pick after the other, which ranks all candidates anew at each call:
`--calls` of these are timed, spread over the growing list of selected points, and their mean is taken for all picks. It covers what
``dynim_batch`` covers, because both pick the same points. Seconds are of the wall and of the processor.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steer.selection import SELECTORS, Picks, Pool, make_selector
from steer.selection.distances import PointCloud
from steer.selection.reach import Reach
from steer.selection.voronoi import voronoi_weights

CLUSTERS = 20
KEEPING = ("farthest_point", "dynim_batch", "dynim_wide")
"""Rules that keep what they found of the distances from one choice to the next."""
PUBLISHED = "dynim, one at a time"


@dataclass(frozen=True)
class Data:
    """Candidates, each one's cluster (-1: the cloud), what was selected before, and each candidate's parent."""

    candidates: NDArray[np.float32]
    cluster: NDArray[np.int64]
    selected: NDArray[np.float32]
    parents: NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=int, default=300_000)
    parser.add_argument("--dimensions", type=int, default=9)
    parser.add_argument("--picks", type=int, default=100)
    parser.add_argument("--selected", type=int, default=20, help="points selected before")
    parser.add_argument("--rare", type=float, default=0.1, help="share of the candidates in rare clusters")
    parser.add_argument("--cap", type=int, default=100, help="picks from one parent at most")
    parser.add_argument(
        "--calls", type=int, default=5, help="calls of the published rule that are timed; 0 leaves it out"
    )
    parser.add_argument("--grow", type=int, default=300, help="candidates that come between two choices")
    parser.add_argument("--no-weights", dest="weights", action="store_false")
    parser.add_argument("--rules", nargs="*", choices=list(SELECTORS), default=list(SELECTORS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data = make_data(options)
    print(f"{options.picks} of {options.candidates:,} candidates in {options.dimensions} dimensions")
    print(f"{'rule':<24}{'wall s':>10}{'cpu s':>10}{'radius':>10}{'clusters of 20':>16}{'peak MB':>10}")
    for name in options.rules:
        report(name, data, timed(lambda name=name: ask(name, data, options.picks, options.cap, options.seed)))
    if options.calls:
        bench_one_at_a_time(data, options)
    for name in options.rules:
        if name in KEEPING:
            bench_kept(name, data, options)
    if options.weights:
        bench_weights(data)


def make_data(options: argparse.Namespace) -> Data:
    """A cloud with 20 clusters far outside, together a share of all; 1,000 parents; some of the cloud known."""
    rng = np.random.default_rng(options.seed)
    cluster = np.full(options.candidates, -1)
    rare = round(options.candidates * options.rare / CLUSTERS)
    cluster[options.candidates - rare * CLUSTERS :] = np.repeat(np.arange(CLUSTERS), rare)
    centres = rng.normal(size=(CLUSTERS, options.dimensions))
    centres *= 15 / np.linalg.norm(centres, axis=1, keepdims=True)
    points = rng.normal(size=(options.candidates, options.dimensions)).astype(np.float32)
    inside = cluster >= 0
    points[inside] = centres[cluster[inside]] + 0.1 * points[inside]
    selected = rng.normal(size=(options.selected, options.dimensions)).astype(np.float32)
    return Data(points, cluster, selected, rng.integers(0, 1000, size=options.candidates))


def ask(name: str, data: Data, count: int, cap: int, seed: int) -> Picks:
    pool = Pool(data.candidates, data.selected, data.parents, np.full(len(data.candidates), cap))
    return make_selector(name).select(pool, count, np.random.default_rng(seed))


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    picks = call()
    return picks, time.perf_counter() - wall, time.process_time() - cpu


def report(name: str, data: Data, result: tuple[Picks, float, float]) -> None:
    picks, wall, cpu = result
    known = np.concatenate([data.selected, data.candidates[picks.indices]])
    radius = np.sqrt(PointCloud(data.candidates).nearest(known).max())
    found = len(set(data.cluster[picks.indices].tolist()) - {-1})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<24}{wall:>10.3f}{cpu:>10.3f}{radius:>10.3f}{found:>16}{peak:>10,.0f}", flush=True)


def bench_one_at_a_time(data: Data, options: argparse.Namespace) -> None:
    """Time calls of one pick at the beginning, the end and between, and scale to all picks."""
    walls, cpus = [], []
    for step in np.linspace(0, options.picks - 1, min(options.calls, options.picks)).astype(int):
        known = np.concatenate([data.selected, data.candidates[:step]])
        grown = Data(data.candidates, data.cluster, known, data.parents)
        _, wall, cpu = timed(lambda grown=grown: ask("dynim", grown, 1, options.cap, options.seed))
        walls.append(wall)
        cpus.append(cpu)
    print(f"{PUBLISHED:<24}{np.mean(walls) * options.picks:>10.3f}{np.mean(cpus) * options.picks:>10.3f}")


def bench_kept(name: str, data: Data, options: argparse.Namespace) -> None:
    """A rule in a campaign, where what is known of the distances is kept: choose, grow, choose again."""
    rng = np.random.default_rng(options.seed)
    room = np.full(len(data.candidates), options.cap, np.int32)
    before, known, walls, cpus, adds = len(data.candidates) - 10 * options.grow, data.selected, [], [], []
    reach = Reach(data.candidates[:before])
    reach.add(known)
    for turn in range(11):
        now = before + turn * options.grow
        pool = Pool(data.candidates[:now], known, data.parents[:now], room[:now], reach=reach)
        picks, wall, cpu = timed(lambda pool=pool: make_selector(name).select(pool, options.picks, rng))
        walls.append(wall)
        cpus.append(cpu)
        chosen = data.candidates[picks.indices]
        known = np.concatenate([known, chosen])
        _, wall, cpu = timed(
            lambda now=now, chosen=chosen: grow(reach, data.candidates[: now + options.grow], chosen)
        )
        adds.append(cpu)
    print(f"{f'({name}, first)':<24}{walls[0]:>10.3f}{cpus[0]:>10.3f}")
    print(f"{'(a later one)':<24}{np.median(walls[1:]):>10.3f}{np.median(cpus[1:]):>10.3f}")
    print(
        f"({options.grow} more come, {options.picks} were chosen: {1e3 * np.median(adds):.3f} ms of processor)"
    )
    arrays = [reach._bounds, reach._applied, reach._tops, reach._chosen]
    for means in reach._means.values():
        arrays += [means._bounds, means.rows, *means.nearest._arrays()]
    kept = sum(array.nbytes for array in arrays)
    print(f"(kept: {kept / 2**20:,.0f} MB beside the candidates' {data.candidates.nbytes / 2**20:,.0f} MB)")


def grow(reach: Reach, candidates: NDArray[np.float32], chosen: NDArray[np.float32]) -> None:
    reach.add(chosen)
    reach.extend(candidates)


def bench_weights(data: Data) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    total = voronoi_weights(data.candidates, data.selected).sum()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{'(weights of selected)':<24}{wall:>10.3f}{cpu:>10.3f}   sum {total:,.6f}")


if __name__ == "__main__":
    main()
