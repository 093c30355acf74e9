"""Does steering pay on landscapes on which no rule was tuned: variants of the benchmark's, with other numbers.

Run it as ``python tests/benchmarks/bench_held_out.py --output DIR [--seeds 10] [--jobs 2]``. Everything else is as in
``steer benchmark``, which says what the columns mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sims.landscapes import DoubleWell, Landscape, ManyFunnels, MullerBrown
from steer.benchmark.arms import ARMS
from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.problems import PROBLEMS, Problem
from steer.benchmark.series import do_series
from steer.benchmark.summary import summarise_problem
from steer.benchmark.tables import in_words

FEW = ("plain", "farthest_point", "dynim", "outlier_factor", "least_counts", "frontier")


def main() -> None:
    compare_all(__doc__, HELD_OUT, FEW)


def compare_all(doc: str, problems: Mapping[str, Problem], few: Sequence[str]) -> list[Problem]:
    """Read the command line, run its arms (absent: a few) on its problems (absent: all) and print a table of each.

    Returns
    -------
    list of Problem
        Those that were run.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--walkers", type=int, help="simulations at once; absent: each problem's own")
    parser.add_argument("--segment", type=int, help="steps of a simulation; absent: each problem's own")
    parser.add_argument("--every", type=int, help="steps between frames; absent: each problem's own")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--arm", nargs="*", choices=list(ARMS), default=list(few))
    parser.add_argument("--problem", nargs="*", choices=list(problems), default=list(problems))
    options = parser.parse_args()
    asked = [
        problems[name].dealt(options.walkers, options.segment, options.every) for name in options.problem
    ]
    for problem in asked:
        compare(problem, options)
    return asked


def compare(problem: Problem, options: argparse.Namespace) -> None:
    """Run the arms that `options` names on a problem, and print its table."""
    arms = [ARMS[name] for name in options.arm]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    scores = do_series(arms, [problem], seeds, options.output, options.jobs, lambda *_: None)
    landscape = problem.system.definition["landscape"]
    print(
        f"\n{problem.name}: {landscape}, {problem.walkers} walkers, simulations of {problem.segment} steps, {problem.steps:,} aggregate steps"
    )
    for row in in_words(summarise_problem(scores), problem.system.unit):
        print("  ".join(cell.rjust(19 if i in (0, 2) else 16) for i, cell in enumerate(row)), flush=True)


def variant(name: str, like: str, landscape: Landscape, target: int) -> Problem:
    known = PROBLEMS[like]
    options = known.system.options  # type: ignore[attr-defined]
    return replace(known, name=name, system=LandscapeSystem(landscape, options), target=target)


HELD_OUT = {
    problem.name: problem
    for problem in (
        variant("muller_brown_flatter", "muller_brown", MullerBrown(0.18), 0),
        variant("double_well_wide", "double_well", DoubleWell(17.0, half_distance=1.4, stiffness=20.0), 1),
        variant("many_funnels_2", "many_funnels", ManyFunnels(seed=2), 5),
    )
}


if __name__ == "__main__":
    main()
