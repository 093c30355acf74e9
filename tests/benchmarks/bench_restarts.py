"""How warm alanine dipeptide is when it is restarted again and again, by the place in a step where velocities are drawn.

Run it as ``python tests/benchmarks/bench_restarts.py [--steps 20] [--restarts 1000]``. All three ought to print the
thermostat's 300 K: one uninterrupted simulation, one whose velocities are drawn between two steps
(``Dynamics.draw_velocities``), and one whose velocities are drawn in the middle of a step
(``Dynamics.renew_velocities``, which the benchmark's molecules use). A minute of one core.
"""

from __future__ import annotations

import argparse

import numpy as np

from sims.engines.dynamics import Dynamics
from sims.references.alanine_dipeptide import alanine_dipeptide

BLOCKS = 20
"""Over which errors are taken: an uninterrupted simulation forgets its temperature in half a picosecond only."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=20, help="from one restart to the next")
    parser.add_argument("--restarts", type=int, default=1000)
    options = parser.parse_args()
    molecule = alanine_dipeptide()
    for name, restart in (("none", _go_on), ("between steps", _between), ("within a step", _within)):
        engine = molecule.engine()
        engine.start(molecule.start, seed=1)
        engine.dynamics.advance(5000)
        warmth = []
        for _ in range(options.restarts):
            restart(engine.dynamics, options.steps)
            warmth.append(engine.dynamics.temperature())
        blocks = [np.mean(block) for block in np.array_split(warmth, BLOCKS)]
        error = np.std(blocks, ddof=1) / np.sqrt(BLOCKS)
        print(f"velocities drawn: {name:<14} {np.mean(warmth):6.1f} +- {error:.1f} K", flush=True)


def _go_on(dynamics: Dynamics, steps: int) -> None:
    dynamics.advance(steps)


def _between(dynamics: Dynamics, steps: int) -> None:
    dynamics.draw_velocities()
    dynamics.advance(steps)


def _within(dynamics: Dynamics, steps: int) -> None:
    dynamics.renew_velocities()
    dynamics.advance(steps - 1)


if __name__ == "__main__":
    main()
