"""How few steps a choice of starting points could be expected to take: a rule that knows where the target is, and the way.

Walkers, segments and frames are those of the problems of ``steer benchmark``, and no more than two picks are of one simulation.
After each round this rule goes on from those frames, of all that were seen, from which the target is nearest: on a plane
by the mean first-passage time to the target's core, solved on a grid (overdamped motion, with the rates between
neighbouring points that keep detailed balance; e.g. Bicout and Szabo, J. Chem. Phys. 109, 2325 (1998)); among many
funnels by how much of the way through the passes is left. On a plane a rule that must find the way first can hardly do
better, so that plain's steps over these say what steering can be expected to gain there; among funnels, where this rule
does not know how long each pass takes, one has done better. Run::

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_floor.py [--seeds 20] [--problem muller_brown ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from bench_held_out import HELD_OUT
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve

from sims.landscapes import Landscape, ManyFunnels, states
from sims.landscapes.flock import Flock
from sims.landscapes.protocol import BOLTZMANN
from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.problems import PROBLEMS, Problem

GRID = 201
OF_ONE_SIMULATION = 2
LONGEST = 400  # rounds

Cost = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""How far points (n, d) are from the target, in any unit."""


def main() -> None:
    every = {
        name: problem
        for name, problem in {**PROBLEMS, **HELD_OUT}.items()
        if isinstance(problem.system, LandscapeSystem)
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--problem", nargs="+", choices=every, default=list(every))
    parser.add_argument("--walkers", type=int, help="simulations at once; absent: each problem's own")
    parser.add_argument("--segment", type=int, help="steps of a simulation; absent: each problem's own")
    parser.add_argument("--every", type=int, help="steps between frames; absent: each problem's own")
    options = parser.parse_args()
    for name in options.problem:
        tell_floor(every[name].dealt(options.walkers, options.segment, options.every), options.seeds)


def tell_floor(problem: Problem, seeds: int) -> None:
    """Print the steps of the rule that knows: to the target, and to every state, the nearest of the missing ones first."""
    landscape = landscape_of(problem)
    first = int(states(landscape, landscape.start[None])[0])
    costs = {state: cost_of(landscape, state) for state in range(len(landscape.minima)) if state != first}
    for what, wanted in (("the target", {problem.target: costs[problem.target]}), ("all states", costs)):
        steps = [steps_to(wanted, problem, seed) for seed in range(seeds)]
        low, median, high = (
            in_words(value, problem) for value in np.sort(steps)[[seeds // 4, seeds // 2, 3 * seeds // 4]]
        )
        print(
            f"{problem.name}, by a rule that knows: {median} steps to {what} (quartiles {low} to {high})",
            flush=True,
        )


def in_words(steps: float, problem: Problem) -> str:
    share = problem.walkers * problem.segment
    return f"> {LONGEST * share:,}" if np.isinf(steps) else f"{steps:,.0f}"


def landscape_of(problem: Problem) -> Landscape:
    if not isinstance(problem.system, LandscapeSystem):
        raise SystemExit(f"{problem.name} is no landscape; take one of the others.")
    return problem.system.landscape


def cost_of(landscape: Landscape, state: int) -> Cost:
    return (
        funnel_cost(landscape, state) if isinstance(landscape, ManyFunnels) else plane_cost(landscape, state)
    )


def steps_to(costs: dict[int, Cost], problem: Problem, seed: int) -> float:
    """Aggregate steps until a walker has been in the core of each of these states; infinite when it takes too long."""
    landscape = landscape_of(problem)
    flock = Flock(landscape, problem.system.options, problem.walkers, seed)  # type: ignore[attr-defined]
    missing = set(costs)
    starts = np.repeat(landscape.start[None], problem.walkers, axis=0)
    points, parents = np.empty((0, landscape.start.size)), np.empty(0, np.int64)
    for number in range(LONGEST):
        walks = flock.walk(dict(enumerate(starts)), problem.segment, problem.every)
        seen = states(landscape, walks.reshape(-1, walks.shape[-1])).reshape(walks.shape[:2])
        for frame in range(walks.shape[1]):
            missing -= set(seen[:, frame].tolist())
            if not missing:
                return problem.walkers * (number * problem.segment + (frame + 1) * problem.every)
        points = np.concatenate([points, walks.reshape(-1, walks.shape[-1])])
        new = number * problem.walkers + np.repeat(np.arange(problem.walkers), walks.shape[1])
        parents = np.concatenate([parents, new])
        cheapest = np.min([costs[state](points) for state in missing], axis=0)
        chosen = nearest(cheapest, parents, problem.walkers)
        starts = points[chosen]
        points, parents = np.delete(points, chosen, axis=0), np.delete(parents, chosen)
    return np.inf


def nearest(costs: NDArray[np.float64], parents: NDArray[np.int64], count: int) -> list[int]:
    """The cheapest, at most two of one simulation."""
    taken: dict[int, int] = {}
    chosen: list[int] = []
    for row in np.argsort(costs, kind="stable").tolist():
        parent = int(parents[row])
        if taken.get(parent, 0) < OF_ONE_SIMULATION:
            taken[parent] = taken.get(parent, 0) + 1
            chosen.append(row)
            if len(chosen) == count:
                break
    return chosen


def plane_cost(landscape: Landscape, target: int) -> Cost:
    """Mean first-passage time to the target's core, up to a factor."""
    axes = [np.linspace(low - 0.3, high + 0.3, GRID) for low, high in landscape.bounds]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    energy = landscape.energy(grid) / (BOLTZMANN * 300.0)
    energy = np.minimum(energy - energy.min(), 60.0)
    cells = np.arange(GRID * GRID).reshape(GRID, GRID)
    rates, rows, columns = [], [], []
    for axis in (0, 1):
        first = np.moveaxis(cells, axis, 0)[:-1].ravel()
        second = np.moveaxis(cells, axis, 0)[1:].ravel()
        squared = (axes[axis][1] - axes[axis][0]) ** 2
        for here, there in ((first, second), (second, first)):
            rows.append(here)
            columns.append(there)
            rates.append(np.exp((energy[here] - energy[there]) / 2) / squared)
    row, column, rate = (np.concatenate(parts) for parts in (rows, columns, rates))
    generator = coo_array((rate, (row, column)), shape=(cells.size, cells.size)).tocsr()
    generator = generator - diags_array(np.asarray(generator.sum(axis=1)).ravel())
    outside = np.flatnonzero(states(landscape, grid) != target)
    times = np.zeros(cells.size)
    times[outside] = spsolve(generator[outside][:, outside].tocsc(), -np.ones(len(outside)))
    table = RegularGridInterpolator(axes, times.reshape(GRID, GRID), bounds_error=False, fill_value=np.inf)
    return lambda points: np.asarray(table(points))


def funnel_cost(landscape: ManyFunnels, target: int) -> Cost:
    """Passes still to be crossed, the one that a point is in by the part of it that is left.

    Between two Gaussians the way is what tells them apart, the difference of their energies: from 1 in the middle of the one to 0 in
    that of the other. A point is in the pass whose straight line is nearest.
    """
    way = [target]
    while way[-1] != 0:
        way.append(landscape.hosts[way[-1]])
    way.reverse()
    ends = landscape.minima[way]
    widths = np.where(np.array(way) < landscape.funnels, landscape.width, landscape.rare_width)

    def cost(points: NDArray[np.float64]) -> NDArray[np.float64]:
        left, apart = [], []
        squared = np.square(points[None] - ends[:, None]).sum(axis=2)
        energies = squared / np.square(widths)[:, None]
        for number, (begin, end) in enumerate(pairwise(ends)):
            length = np.square(end - begin).sum()
            lowest, highest = -length / widths[number] ** 2, length / widths[number + 1] ** 2
            gap = energies[number + 1] - energies[number]
            left.append(len(ends) - 2 - number + np.maximum(gap - lowest, 0) / (highest - lowest))
            along = np.clip((points - begin) @ (end - begin) / length, 0, 1)
            apart.append(np.linalg.norm(points - begin - along[:, None] * (end - begin), axis=1))
        return np.take_along_axis(np.array(left), np.argmin(apart, axis=0)[None], axis=0)[0]

    return cost


if __name__ == "__main__":
    main()
