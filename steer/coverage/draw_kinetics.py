"""Drawing first visits of states, and implied timescales. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.markov import MarkovModel
from steer.coverage.plots import COLOURS, new_axes
from steer.coverage.states import StateVisits, Waiting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_timescales", "draw_visits", "told_wait"]

GROUPS = (("unsteered", "control", "--"), ("steered", "cg", "-"))
PROCESSES = (("cg", "o", "-"), ("aa", "s", "--"), ("control", "^", ":"))


def told_wait(wait: Waiting) -> str:
    """The mean wait with its interval, in words."""
    if not wait.visits:
        return f"no visit in {wait.waited:.3g} ns, so one in more than {wait.low:.3g} ns"
    return f"one visit in {wait.mean:.3g} ns ({wait.low:.3g} to {wait.high:.3g})"


def draw_visits(state: StateVisits, ax: Axes | None = None) -> Axes:
    """Share of the simulations that have visited a state, against their time, steered and not.

    Parameters
    ----------
    state : StateVisits
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes(ax)
    for group, colour, style in GROUPS:
        wait: Waiting | None = getattr(state, group)
        if wait is None:
            continue
        known = np.isfinite(wait.visited.low)
        ax.fill_between(
            wait.time, wait.visited.low, wait.visited.high, where=known, step="post", color=COLOURS[colour],
            alpha=0.18, lw=0,
        )  # fmt: skip
        ax.plot(
            wait.time,
            wait.visited.estimate,
            color=COLOURS[colour],
            ls=style,
            drawstyle="steps-post",
            lw=2,
            label=f"{group}: {wait.visits} of {wait.simulations} came\n{told_wait(wait)}",
        )
    ax.set(xlabel="time since the start of a simulation (ns)", ylabel="share that has visited")
    ax.set(xlim=(0, None), ylim=(-0.03, 1.03))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.17))
    else:
        ax.text(0.5, 0.5, "every simulation began in it", transform=ax.transAxes, ha="center", color="0.3")
    return ax


def draw_timescales(model: MarkovModel, ax: Axes | None = None) -> Axes:
    """Implied timescales against lag time, with intervals; what lies in the grey is over within a lag.

    Parameters
    ----------
    model : MarkovModel
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes(ax)
    ends = np.array([model.lags[0], model.lags[-1]])
    floor = 0.4 * model.lags[0]
    ax.fill_between(ends, ends, floor, color="0.9", lw=0, zorder=0)
    for i, (colour, marker, style) in enumerate(PROCESSES[: model.timescales.shape[1]]):
        known = np.isfinite(model.timescales[:, i]) & (model.timescales[:, i] > floor)
        if not known.any():
            continue
        lags = model.lags[known]
        low = np.maximum(model.low[known, i], floor)
        high = np.minimum(
            np.nan_to_num(model.high[known, i], posinf=np.inf), 1e3 * model.timescales[known, i]
        )
        # Of what is over within a lag, nothing but the prior is left in the interval.
        resolved = model.timescales[known, i] >= lags
        ax.fill_between(
            lags, low, np.maximum(high, low), where=resolved, color=COLOURS[colour], alpha=0.18, lw=0
        )
        ax.plot(
            lags, model.timescales[known, i], marker + style, color=COLOURS[colour], lw=1.6, ms=5,
            label=("slowest", "second", "third")[i],
        )  # fmt: skip
    ax.axvline(model.lag, color="0.5", lw=0.9, label=f"lag used: {model.lag:.3g} ns")
    ax.set(xlabel="lag time (ns)", ylabel="implied timescale (ns)", xscale="log", yscale="log")
    shown = np.concatenate([model.timescales.ravel(), [2 * model.lags[-1]]])
    ax.set_ylim(floor, 3 * float(shown[np.isfinite(shown)].max()))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=8, edgecolor="none", framealpha=0.85, loc="lower right")
    return ax
