"""Processor seconds of a Markov model of many frames: python tests/benchmarks/bench_markov.py [simulations]."""

import sys
import time

import numpy as np

from steer.coverage.markov import markov_model

FRAMES = 1000


def main() -> None:
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = np.random.default_rng(0)
    points = (0.3 * rng.normal(size=(simulations, FRAMES, 4))).cumsum(axis=1).reshape(-1, 4)
    simulation = np.repeat(np.arange(simulations), FRAMES)
    step = np.tile(np.arange(FRAMES), simulations)
    markov_model(points[: 10 * FRAMES], simulation[: 10 * FRAMES], step[: 10 * FRAMES], 100.0)
    begun = time.process_time()
    model = markov_model(points, simulation, step, 100.0)
    seconds = time.process_time() - begun
    states = model.microstates if model else 0
    print(f"{len(points):,} frames, {states} microstates: {seconds:.1f} s")


if __name__ == "__main__":
    main()
