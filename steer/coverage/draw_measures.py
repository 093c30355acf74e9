"""Drawing measures of coverage against aggregate CG time. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.plots import COLOURS, fill_band, new_axes
from steer.coverage.resampling import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curve", "draw_rate"]


def draw_curve(
    time: NDArray[np.floating], band: Band, label: str, ax: Axes | None = None, *, top: float | None = None
) -> Axes:
    """A measure and its interval.

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
    """
    ax = new_axes(ax)
    fill_band(ax, time, band, COLOURS["cg"])
    ax.plot(time, band.estimate, color=COLOURS["cg"], lw=2)
    highest = top
    if highest is None and np.isfinite(band.estimate).any():
        highest = 2.2 * float(np.nanmax(band.estimate)) or None
        if np.isfinite(band.high).any():
            highest = min(highest or np.inf, 1.05 * float(np.nanmax(band.high)))
    ax.set(xlabel="aggregate CG time (ns)", ylabel=label, xlim=(0, None), ylim=(0, highest))
    return ax


def draw_rate(windows: NDArray[np.floating], band: Band, label: str, ax: Axes | None = None) -> Axes:
    """A rate in successive intervals, with its interval.

    Parameters
    ----------
    windows : ndarray, shape (w + 1,)
        Their edges, ns.
    band : Band
        Shape (w,).
    label : str
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes(ax)
    low, high = (np.append(side, side[-1:]) for side in (band.low, band.high))
    ax.fill_between(
        windows, low, high, where=np.isfinite(low), step="post", color=COLOURS["cg"], alpha=0.18, lw=0
    )
    ax.stairs(band.estimate, windows, color=COLOURS["cg"], lw=2)
    ax.set(xlabel="aggregate CG time (ns)", ylabel=label, xlim=(0, None), ylim=(0, None))
    return ax
