"""What the height of a barrier makes of steering: variants of the benchmark's landscapes, from low to high.

Everything else is as in ``steer benchmark``, which says what the columns mean; steps to the target of a rule that knows where it is
(`bench_floor.py`) stand beside them. Run it as::

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_barriers.py --output DIR --seeds 20 [--jobs 2]
"""

from __future__ import annotations

import math
from dataclasses import replace

from bench_floor import tell_floor
from bench_held_out import compare_all, variant

from sims.landscapes import DoubleWell, EntropicBottleneck, ManyFunnels, MullerBrown
from steer.benchmark.problems import Problem

FLOOR_SEEDS = 20
FEW = ("plain", "dynim", "dynim_wide/slow", "frontier/slow")


def main() -> None:
    for problem in compare_all(__doc__, VARIANTS, FEW):
        tell_floor(problem, FLOOR_SEEDS)


LONG = EntropicBottleneck(4.0, half_length=3.0, channel=0.6)
"""Half as long again."""

WIDE = EntropicBottleneck(5.0, stiffness=2.5 * math.exp(-2))
"""As narrow as 4 kT make it, with chambers e times as wide: the toys' step is too long for a narrower channel."""

VARIANTS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        *(
            variant(f"muller_brown_{scale}", "muller_brown", MullerBrown(scale), 0)
            for scale in (0.2, 0.25, 0.3, 0.35)
        ),
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
        variant("entropic_bottleneck_4_long", "entropic_bottleneck", LONG, 1),
        variant("entropic_bottleneck_5_wide", "entropic_bottleneck", WIDE, 1),
        replace(variant("many_funnels_2.1", "many_funnels", ManyFunnels(distance=2.1), 5), steps=144_000),
        replace(
            variant("many_funnels_rare_0.16", "many_funnels", ManyFunnels(rare_width=0.16), 5), steps=160_000
        ),
    )
}
"""Scale of the surface, height in kJ/mol, depth in kT of entropy, distance in nm from one funnel to the next, width in
nm of rare basins."""


if __name__ == "__main__":
    main()
