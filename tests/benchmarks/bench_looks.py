"""What it costs to judge which of very many running simulations end early: looks in parts beside one look at all.

Run it as ``OMP_NUM_THREADS=1 python tests/benchmarks/bench_looks.py [--frames 1000000] [--simulations 24000]``. The frames are
Gaussian in nine dimensions, as many for each simulation; the last of them are running, and simulations were started from
`--starts` frames before. A look is a whole decision with every slot taken, so that all it can do is end simulations. Looks follow each
other on the same frames, as they do within the patience. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from unittest import mock

import numpy as np

from steer import stopping
from steer.config import CampaignConfig
from steer.decide import Candidates, SeedOption, State, decide
from steer.selection.reach import Reach
from steer.stopping import LOOKS, Running, parts

DIMENSIONS = 9
LATER = 5
"""Looks in parts that are timed after the first one."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--simulations", type=int, default=24_000, help="running at once")
    parser.add_argument("--starts", type=int, default=10_000, help="frames started from before")
    parser.add_argument("--selectors", nargs="*", default=["dynim_wide", "farthest_point"])
    parser.add_argument("--parts-only", action="store_true", help="leave out the look at all together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{options.simulations:,} simulations running, {options.frames:,} frames")
    print(f"{'rule':<16}{'look':<22}{'judged':>8}{'cpu s':>10}{'cpu s for a patience':>22}")
    for selector in options.selectors:
        bench(selector, options)


def bench(selector: str, options: argparse.Namespace) -> None:
    """Time the first look, later ones, and one at all simulations together."""
    config = CampaignConfig.model_validate(
        {
            "campaign": {"name": "looks"},
            "molecule": {"sequence": "A"},
            "coarse": {"frame_interval": "100 ps", "patience": "20 ns"},
            "selection": {"selector": selector},
            "stop": {"refinements": 1},
        }
    )
    state, among = state_of(options), parts(options.simulations)
    judged = options.simulations // among
    report(selector, "the first", judged, look(config, state), None)
    later = [look(config, replace(state, round=number)) for number in range(1, LATER + 1)]
    report("", f"a later one, of {among}", judged, float(np.mean(later)), LOOKS * among)
    if options.parts_only:
        return
    with mock.patch.object(stopping, "TOGETHER", options.simulations):
        report("", "at all together", options.simulations, look(config, state), LOOKS)


def state_of(options: argparse.Namespace) -> State:
    """A campaign whose slots are all taken by simulations that run."""
    rng = np.random.default_rng(options.seed)
    points = rng.normal(size=(options.frames, DIMENSIONS)).astype(np.float32)
    each = max(1, options.frames // (2 * options.simulations))
    parents = np.arange(options.frames) // each
    started = points[rng.choice(options.frames, options.starts, replace=False)]
    reach = Reach(points)
    reach.add(started)
    numbers = range(int(parents[-1]) - options.simulations, int(parents[-1]))
    slots = options.simulations
    return State(
        round=0,
        slots={"all": slots, "cg": slots, "refine": slots, "train": 1},
        open={"cg": 2 * slots, "refine": slots, "train": 1},
        frames=options.frames,
        followed_frames=options.frames,
        expected_frames=options.frames,
        trained_frames=options.frames,
        model=1,
        drift=1.0,
        cg_time=0.0,
        cg_time_planned=0.0,
        accepted=0,
        coverage=0.0,
        elapsed=0.0,
        seeds=[SeedOption(1, "input", 1, started[0])],
        running=[Running(f"cg-{number:06d}", 100.0 * each, True) for number in numbers],
        candidates=Candidates(
            points, parents, times=100.0 * (1.0 + np.arange(options.frames) % each), to_starts=reach
        ),
        explored=points[:1000],
        selected=started[:1],
        starts=started,
    )


def look(config: CampaignConfig, state: State) -> float:
    """Processor seconds of one decision."""
    began = time.process_time()
    decide(config, state)
    return time.process_time() - began


def report(rule: str, what: str, judged: int, seconds: float, looks: int | None) -> None:
    """One row; with `looks`, what so many take."""
    whole = "" if looks is None else f"{looks * seconds:.0f}"
    print(f"{rule:<16}{what:<22}{judged:>8,}{seconds:>10.3f}{whole:>22}", flush=True)


if __name__ == "__main__":
    main()
