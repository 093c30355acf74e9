"""A series as CSV files, and as a table for a terminal."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from steer.benchmark.score import Score
from steer.benchmark.summary import PLAIN, ArmSummary

__all__ = ["in_words", "write_runs", "write_summary"]


def write_runs(path: Path, scores: Sequence[Score]) -> Path:
    """One row a run; steps that were never reached are empty."""
    rows = [
        [s.problem, s.arm, s.seed, s.steps, _cell(s.hit), _cell(s.found(0.95)), s.covering[-1], s.divergence[-1],
         s.raw_divergence[-1], s.steering]
        for s in scores
    ]  # fmt: skip
    names = ["problem", "arm", "seed", "aggregate_steps", "steps_to_target", "steps_to_95_percent_of_states",
             "covering_radius", "divergence_bits", "raw_divergence_bits", "steering_cpu_s"]  # fmt: skip
    return _write(path, names, rows)


def write_summary(path: Path, summaries: dict[str, list[ArmSummary]]) -> Path:
    """One row an arm and problem; unknown medians are empty."""
    rows = [
        [problem, s.arm, s.runs, s.hit.hits, *map(_cell, (s.hit.median, s.hit.low, s.hit.high)), *map(_cell, s.hit.quartiles),
         s.found.hits, _cell(s.found.median), s.probability, s.states, s.covering, s.divergence, s.steering]
        for problem, arms in summaries.items()
        for s in arms
    ]  # fmt: skip
    names = ["problem", "arm", "runs", "hits", "median_steps_to_target", "low_95", "high_95", "first_quartile",
             "third_quartile", "runs_with_95_percent_of_states", "median_steps_to_95_percent_of_states", "logrank_p_against_plain",
             "median_share_of_states", "median_covering_radius", "median_divergence_bits", "median_steering_cpu_s"]  # fmt: skip
    return _write(path, names, rows)


def in_words(arms: Sequence[ArmSummary], unit: str) -> list[tuple[str, ...]]:
    """Rows for a person, a heading first. ``>`` means that the median run had not got there at the end."""
    plain = next((arm for arm in arms if arm.arm == PLAIN), None)
    heading = (
        "arm",
        "steps to target",
        "95% interval",
        "vs plain",
        "95% of states",
        "vs plain",
        "states",
        f"covering / {unit}",
        "JS / bits",
        "CPU s",
    )
    rows = [
        (
            arm.arm,
            _steps(arm.hit.median, arm.steps),
            f"{_steps(arm.hit.low, arm.steps)} to {_steps(arm.hit.high, arm.steps)}",
            "" if plain is None else _gain(plain.hit.median, plain.steps, arm.hit.median, arm.steps),
            _steps(arm.found.median, arm.steps),
            "" if plain is None else _gain(plain.found.median, plain.steps, arm.found.median, arm.steps),
            f"{arm.states:.2f}",
            f"{arm.covering:.2f}",
            f"{arm.divergence:.3f}",
            f"{arm.steering:.1f}",
        )
        for arm in arms
    ]
    return [heading, *rows]


def _gain(plain: float, plain_end: int, ours: float, our_end: int) -> str:
    """How many times fewer steps than plain; a bound where one of the two never got there, nothing where both."""
    if not np.isfinite(ours):
        return "-" if not np.isfinite(plain) else f"< {_times(plain / our_end)}"
    return f"> {_times(plain_end / ours)}" if not np.isfinite(plain) else _times(plain / ours)


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def _steps(value: float, steps: int) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else f"> {steps:,}"


def _cell(value: float) -> float | str:
    return value if np.isfinite(value) else ""


def _write(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
    return path
