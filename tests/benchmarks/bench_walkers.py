"""What the number of walkers makes of steering: the benchmark's landscapes with two walkers to sixteen.

Everything else is as in ``steer benchmark``, aggregate steps too, so that fewer walkers get more rounds. Steps to the
target of a rule that knows where it is (`bench_floor.py`) stand beside them. Run it as::

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_walkers.py --output DIR --seeds 16 [--jobs 2]
"""

from __future__ import annotations

from bench_floor import tell_floor
from bench_held_out import compare_all

from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.problems import PROBLEMS, Problem

FLOOR_SEEDS = 20
FEW = ("plain", "dynim", "knn_density", "dynim_wide/slow")
WALKERS = (2, 4, 8, 16)

VARIANTS: dict[str, Problem] = {
    f"{name}_{walkers}": problem.dealt(walkers)
    for name, problem in PROBLEMS.items()
    if isinstance(problem.system, LandscapeSystem)
    for walkers in WALKERS
}


def main() -> None:
    for problem in compare_all(__doc__, VARIANTS, FEW):
        tell_floor(problem, FLOOR_SEEDS)


if __name__ == "__main__":
    main()
