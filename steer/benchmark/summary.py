"""What a series says about each arm, with the arms it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from steer.benchmark.divergence import jensen_shannon
from steer.benchmark.score import Score
from steer.benchmark.survival import Survival, compare, survival

__all__ = ["PLAIN", "ArmSummary", "noise_floor", "summarise_problem"]

PLAIN = "plain"
"""The arm that all others are held against."""

LONG = "one long run"
ALL_STATES = 0.95


@dataclass(frozen=True)
class ArmSummary:
    """One arm on one problem over all seeds.

    Attributes
    ----------
    arm : str
    runs, steps : int
        How many, and the aggregate steps of each.
    hit, found : Survival
        Aggregate steps to the target, and to 95% of the states.
    probability : float
        Log-rank test of the steps to the target against plain parallel runs: probability of such a difference by
        chance.
    states : float
        Median share of the states seen at the end.
    covering : float
        Median covering radius at the end, in the system's unit.
    divergence : float
        Median Jensen-Shannon divergence of the reweighted density from the truth at the end (bits).
    steering : float
        Median CPU seconds of steering.
    """

    arm: str
    runs: int
    steps: int
    hit: Survival
    found: Survival
    probability: float
    states: float
    covering: float
    divergence: float
    steering: float


def summarise_problem(scores: Sequence[Score]) -> list[ArmSummary]:
    """Every arm of one problem, in the order in which they first occur."""
    arms = list(dict.fromkeys(score.arm for score in scores))
    by_arm = {arm: [score for score in scores if score.arm == arm] for arm in arms}
    return [_summarise(arm, by_arm[arm], by_arm.get(PLAIN)) for arm in arms]


def noise_floor(scores: Sequence[Score]) -> float:
    """Median divergence of one long run from another (bits); NaN with fewer than two. No arm can be told to do better."""
    densities = [score.histogram for score in scores if score.arm == LONG]
    pairs = [jensen_shannon(a, b) for a, b in combinations(densities, 2)]
    return float(np.median(pairs)) if pairs else float("nan")


def _summarise(arm: str, scores: Sequence[Score], plain: Sequence[Score] | None) -> ArmSummary:
    hits, ends = [score.hit for score in scores], [score.steps for score in scores]
    probability = float("nan")
    if plain:
        probability = compare((hits, ends), ([s.hit for s in plain], [s.steps for s in plain]))
    return ArmSummary(
        arm=arm,
        runs=len(scores),
        steps=max(ends),
        hit=survival(hits, ends),
        found=survival([score.found(ALL_STATES) for score in scores], ends),
        probability=probability,
        states=float(np.median([_share_found(score) for score in scores])),
        covering=float(np.median([score.covering[-1] for score in scores])),
        divergence=float(np.median([score.divergence[-1] for score in scores])),
        steering=float(np.median([score.steering for score in scores])),
    )


def _share_found(score: Score) -> float:
    end = score.checkpoints[-1]
    return float(np.mean([step is not None and step <= end for step in score.first_visits]))
