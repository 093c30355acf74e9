"""What the height of a barrier makes of steering: variants of the benchmark's landscapes, from low to high.

Everything else is as in ``steer benchmark``, which says what the columns mean; steps to the target of a rule that knows where it is
(`bench_floor.py`) stand beside them. Run it as::

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_barriers.py --output DIR [--seeds 20] [--jobs 2]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench_floor import tell_floor
from bench_held_out import compare, variant

from sims.landscapes import DoubleWell, EntropicBottleneck, ManyFunnels
from steer.benchmark.arms import ARMS
from steer.benchmark.problems import Problem

FEW = ("plain", "dynim", "frontier", "dynim_batch/slow", "frontier/slow")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--arm", nargs="*", choices=list(ARMS), default=list(FEW))
    parser.add_argument("--problem", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    options = parser.parse_args()
    for name in options.problem:
        compare(VARIANTS[name], options)
        tell_floor(VARIANTS[name], options.seeds)


VARIANTS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        *(
            variant(f"double_well_{height}", "double_well", DoubleWell(float(height)), 1)
            for height in (10, 15, 20, 25)
        ),
        *(
            variant(
                f"entropic_bottleneck_{depth}", "entropic_bottleneck", EntropicBottleneck(float(depth)), 1
            )
            for depth in (2, 3, 4)
        ),
        *(
            variant(f"many_funnels_{distance}", "many_funnels", ManyFunnels(distance=distance), 5)
            for distance in (1.6, 1.7, 1.8, 1.9)
        ),
    )
}
"""Height in kJ/mol, depth in kT of entropy, and distance in nm from one funnel to the next."""


if __name__ == "__main__":
    main()
