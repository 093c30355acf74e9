"""What one run achieved, as numbers that can be compared over arms."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from steer.benchmark.arms import Arm
from steer.benchmark.divergence import jensen_shannon
from steer.benchmark.metric import FLAT, Metric
from steer.benchmark.problems import Problem
from steer.benchmark.reference import Reference
from steer.benchmark.reweigh import frame_weights
from steer.benchmark.trace import Trace

__all__ = ["CHECKPOINTS", "Score", "score"]

CHECKPOINTS = 10
"""Moments, evenly spread over the aggregate steps, at which covering radius and density are told."""


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run.

    Attributes
    ----------
    arm, problem : str
    seed : int
    steps : int
        Aggregate steps spent; more than there are checkpoints for where an arm goes on by itself.
    dealing : tuple of int
        Walkers, steps of a simulation, and steps between frames.
    first_visits : list of int or None
        Aggregate steps until each state was first seen; None where it never was.
    target : int
        The state that was to be hit.
    checkpoints : list of int
        Aggregate steps of the next two.
    covering : list of float
        The farthest, in the system's unit, that any place of the reachable region is from a visited one.
    divergence : list of float
        Bits between the density and the truth, frames weighted by `steer.benchmark.reweigh`.
    raw_divergence : list of float
        The same with every frame counting once.
    histogram : list of float
        Weighted density at the end, over the cells of the reference.
    steering : float
        CPU seconds of everything but the dynamics.
    """

    arm: str
    problem: str
    seed: int
    steps: int
    dealing: tuple[int, int, int]
    first_visits: list[int | None]
    target: int
    checkpoints: list[int]
    covering: list[float]
    divergence: list[float]
    raw_divergence: list[float]
    histogram: list[float]
    steering: float

    @property
    def hit(self) -> float:
        """Aggregate steps until the target was hit; NaN when it never was."""
        seen = self.first_visits[self.target]
        return float("nan") if seen is None else float(seen)

    def found(self, share: float) -> float:
        """Aggregate steps until this share of the states had been seen; NaN when it never was."""
        needed = int(np.ceil(share * len(self.first_visits) - 1e-9))
        seen = sorted(step for step in self.first_visits if step is not None)
        return float(seen[needed - 1]) if len(seen) >= needed else float("nan")


def score(arm: Arm, problem: Problem, truth: Reference, seed: int, trace: Trace, steering: float) -> Score:
    """Judge a run."""
    ends = [problem.steps * (i + 1) // CHECKPOINTS for i in range(CHECKPOINTS)]
    counts = np.searchsorted(trace.steps, ends, side="right").tolist()
    # Rounds in which not every walker had a start count as whole, and the last of them fall beyond the end.
    within = int(np.searchsorted(trace.steps, problem.steps_of(arm), side="right"))
    cells = truth.cell(trace.points)
    n_cells = len(truth.density)
    densities = [_densities(cells[:count], trace.simulation[:count], n_cells) for count in counts]
    return Score(
        arm=arm.name,
        problem=problem.name,
        seed=seed,
        steps=problem.steps_of(arm),
        dealing=problem.dealing,
        first_visits=first_visits(
            problem.system.states(trace.points[:within]), trace.steps[:within], problem.system.n_states
        ),
        target=problem.target,
        checkpoints=ends,
        covering=covering_radii(truth.region, trace.points, counts, truth.metric),
        divergence=[jensen_shannon(weighted, truth.density) for weighted, _ in densities],
        raw_divergence=[jensen_shannon(raw, truth.density) for _, raw in densities],
        histogram=densities[-1][0].round(9).tolist(),
        steering=steering,
    )


def first_visits(states: NDArray[np.int64], steps: NDArray[np.int64], n_states: int) -> list[int | None]:
    """Steps at which each state first occurs; frames in order of their steps, -1 for no state."""
    where = [np.flatnonzero(states == state)[:1] for state in range(n_states)]
    return [int(steps[rows[0]]) if len(rows) else None for rows in where]


def covering_radii(
    region: NDArray[np.float64],
    points: NDArray[np.float64],
    counts: Sequence[int],
    metric: Metric = FLAT,
) -> list[float]:
    """Farthest distance of any place of a region (m, d) from the first so many points, for rising counts."""
    nearest = np.full(len(region), np.inf)
    radii, done = [], 0
    for count in counts:
        if count > done:
            nearest = np.minimum(nearest, metric.nearest(points[done:count], region)[0])
            done = count
        radii.append(float(nearest.max()))
    return radii


def _densities(
    cells: NDArray[np.int64], simulation: NDArray[np.int64], n_cells: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density over the cells, weighted and raw."""
    weighted = np.bincount(cells, frame_weights(cells, simulation), minlength=n_cells)
    raw = np.bincount(cells, minlength=n_cells) / max(1, len(cells))
    return np.asarray(weighted, np.float64), np.asarray(raw, np.float64)
