"""A series as pictures: one figure a problem."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.benchmark.problems import Problem
from steer.benchmark.score import Score
from steer.benchmark.summary import LONG, PLAIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_problem"]

_SHAPES = ("-", "--", ":", "-.")
# Okabe and Ito's colours, without yellow, which print loses.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")

_MANY_LABELS = 300
"""Largest ratio of both ends of a logarithmic axis at which three labels a decade find room."""


def draw_problem(problem: Problem, scores: Sequence[Score], floor: float, stem: Path) -> list[Path]:
    """Four panels against aggregate steps, as PNG and SVG: target hit, states found, covering radius, divergence.

    Parameters
    ----------
    problem : Problem
    scores : sequence of Score
        Of this problem.
    floor : float
        Divergence of one long run from another (bits).
    stem : Path
        Of the files, without suffix.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), layout="constrained")
    axes = figure.subplots(2, 2)
    arms = list(dict.fromkeys(score.arm for score in scores))
    runs = max(sum(score.arm == arm for score in scores) for arm in arms)
    figure.suptitle(
        f"{problem.name}: {runs} runs an arm of {problem.steps:,} aggregate steps, {problem.walkers} walkers, "
        f"segments of {problem.segment} steps",
        fontsize=12,
    )
    for number, arm in enumerate(arms):
        own = [score for score in scores if score.arm == arm]
        style = _style(arm, number)
        _staircase(axes[0, 0], [score.hit for score in own], own[0].steps, style)
        grid = np.array(own[0].checkpoints)
        _band(axes[0, 1], grid, np.array([_found(score, grid) for score in own]), style)
        _band(axes[1, 0], grid, np.array([score.covering for score in own]), style)
        _band(axes[1, 1], grid, np.array([score.divergence for score in own]), style)
    if np.isfinite(floor):
        axes[1, 1].axhline(floor, color="0.4", lw=1, label="one long run against another")
    _label(axes[0, 0], "Target state hit", "share of runs", (0, 1.03))
    _logarithmic(axes[0, 0], scores)
    _label(axes[0, 1], "States found (median, quartiles)", "share of states", (0, 1.03))
    _label(axes[1, 0], "Covering radius of the reachable region", problem.system.unit, (0, None))
    _label(axes[1, 1], "Reweighted density against the truth", "Jensen-Shannon divergence / bits", (0, None))
    handles, labels = axes[1, 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_suffix(suffix) for suffix in (".png", ".svg")]
    for file in files:
        figure.savefig(file, dpi=150)
    return files


def _style(arm: str, number: int) -> dict[str, object]:
    if arm in (PLAIN, LONG):
        return {"label": arm, "color": "black" if arm == PLAIN else "0.55", "ls": "-", "lw": 2.2}
    colour, shape = _COLOURS[number % len(_COLOURS)], _SHAPES[number // len(_COLOURS) % len(_SHAPES)]
    return {"label": arm, "color": colour, "ls": shape, "lw": 1.6}


def _staircase(ax: Axes, hits: Sequence[float], end: int, style: dict[str, object]) -> None:
    """Share of the runs that have hit; up to the end no run is censored, so this is one minus Kaplan-Meier."""
    seen = np.sort([hit for hit in hits if np.isfinite(hit)])
    share = np.arange(len(seen) + 1) / len(hits)
    ax.step([1, *seen, end], [*share, share[-1]], where="post", **style)  # type: ignore[arg-type]


def _band(ax: Axes, steps: NDArray[np.int64], values: NDArray[np.float64], style: dict[str, object]) -> None:
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75), axis=0)
    ax.plot(steps, middle, **style)  # type: ignore[arg-type]
    ax.fill_between(steps, low, high, color=str(style["color"]), alpha=0.12, lw=0)


def _found(score: Score, grid: NDArray[np.int64]) -> NDArray[np.float64]:
    visits = np.array([np.inf if step is None else step for step in score.first_visits])
    return np.asarray((visits[:, None] <= grid).mean(axis=0))


def _logarithmic(ax: Axes, scores: Sequence[Score]) -> None:
    """Steps on a logarithmic axis, which runs that went on for longer fit on too."""
    from matplotlib.ticker import LogLocator, NullFormatter

    first = min((score.hit for score in scores if np.isfinite(score.hit)), default=1.0) / 2
    last = max(score.steps for score in scores)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if last / first < _MANY_LABELS else (1,)))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(first, last)


def _label(ax: Axes, title: str, y: str, limits: tuple[float, float | None]) -> None:
    ax.set(xlabel="aggregate steps", ylabel=y, ylim=limits, xlim=(0, None))
    ax.set_title(title, fontsize=10)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.spines[["top", "right"]].set_visible(False)
