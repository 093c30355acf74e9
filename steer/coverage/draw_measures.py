"""Drawing measures of coverage against aggregate CG time. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.control import Control
from steer.coverage.plots import COLOURS, axis_top, fill_band, new_axes
from steer.coverage.resampling import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curve", "draw_rate"]


def draw_curve(
    time: NDArray[np.floating],
    band: Band,
    label: str,
    ax: Axes | None = None,
    *,
    top: float | None = None,
    control: Control | None = None,
) -> Axes:
    """A measure and its interval, with its control.

    Parameters
    ----------
    time : ndarray, shape (k,)
        ns.
    band : Band
    label : str
        Of the vertical axis.
    ax : matplotlib.axes.Axes, optional
    top : float, optional
        Largest value shown.
    control : Control, optional
        What unsteered simulations would have shown.
    """
    ax = new_axes(ax)
    fill_band(ax, time, band, COLOURS["cg"])
    ax.plot(time, band.estimate, color=COLOURS["cg"], lw=2, label="all CG simulations")
    if control is not None:
        fill_band(ax, control.time, control.cells, COLOURS["control"])
        ax.plot(
            control.time,
            control.cells.estimate,
            color=COLOURS["control"],
            lw=2,
            ls="--",
            label=_against(time, band, control),
        )
        ax.legend(fontsize=8, frameon=False, loc="best")
    highest = axis_top([band.estimate], [band]) if top is None else top
    ax.set(xlabel="aggregate CG time (ns)", ylabel=label, xlim=(0, None), ylim=(0, highest))
    return ax


def _against(time: NDArray[np.floating], band: Band, control: Control) -> str:
    """The control, and both numbers at the end of the unsteered time."""
    end = control.own_time
    mine = float(np.interp(end, time, band.estimate))
    return f"control: {control.simulations} unsteered\nat {end:.3g} ns: {mine:.3g}, control {control.cells.estimate[-1]:.3g}"


def draw_rate(
    windows: NDArray[np.floating],
    band: Band,
    label: str,
    ax: Axes | None = None,
    *,
    control: Band | None = None,
) -> Axes:
    """A rate in successive intervals, with its interval and its control.

    Parameters
    ----------
    windows : ndarray, shape (w + 1,)
        Their edges, ns.
    band : Band
        Shape (w,).
    label : str
    ax : matplotlib.axes.Axes, optional
    control : Band, optional
        Shape (w,).
    """
    ax = new_axes(ax)
    for each, colour, style, name in (
        (band, "cg", "-", "all CG simulations"),
        (control, "control", "--", "control: unsteered"),
    ):
        if each is None or not np.isfinite(each.estimate).any():
            continue
        low, high = (np.append(side, side[-1:]) for side in (each.low, each.high))
        ax.fill_between(
            windows, low, high, where=np.isfinite(low), step="post", color=COLOURS[colour], alpha=0.18, lw=0
        )
        values = np.append(each.estimate, each.estimate[-1:])
        ax.plot(windows, values, color=COLOURS[colour], ls=style, lw=2, drawstyle="steps-post", label=name)
    if control is not None:
        ax.legend(fontsize=8, frameon=False)
    ax.set(xlabel="aggregate CG time (ns)", ylabel=label, xlim=(0, None), ylim=(0, None))
    return ax
