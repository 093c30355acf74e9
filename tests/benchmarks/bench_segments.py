"""What the length of a simulation makes of steering: the benchmark's landscapes with simulations of 20 steps to 320.

Everything else is as in ``steer benchmark``, aggregate steps and frames too, so that shorter simulations start more often. Run
it as::

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_segments.py --output DIR --seeds 20 [--jobs 2]
"""

from __future__ import annotations

import math
from dataclasses import replace

from bench_held_out import compare_all

from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.problems import PROBLEMS, Problem

FEW = ("dynim", "knn_density", "dynim_wide/slow", "dynim_wide/slow/early")
SEGMENTS = (20, 40, 80, 160, 320)


def main() -> None:
    compare_all(__doc__, VARIANTS, FEW)


def with_segment(problem: Problem, segment: int) -> Problem:
    """Its steps in simulations of another length, as many as make whole rounds."""
    share = problem.walkers * segment
    steps = share * math.ceil(problem.steps / share)
    return replace(problem, name=f"{problem.name}_{segment}", segment=segment, steps=steps)


VARIANTS: dict[str, Problem] = {
    f"{name}_{segment}": with_segment(problem, segment)
    for name, problem in PROBLEMS.items()
    if isinstance(problem.system, LandscapeSystem)
    for segment in SEGMENTS
}


if __name__ == "__main__":
    main()
