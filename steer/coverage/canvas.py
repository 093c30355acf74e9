"""An empty figure that says whose it is and how much it stands on."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from steer.coverage.data import CoverageData
from steer.coverage.plots import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["WARNING", "campaign_line", "footnote", "new_figure", "title"]

TITLE_SIZE = 12
"""Points."""

WARNING = "#A03000"
"""Colour of what a reader must not overlook."""


def campaign_line(data: CoverageData, subject: str = "") -> str:
    """The campaign's name, what is shown, and how many frames there are, in one line of plain text."""
    cg, aa = int(data.cg.sum()), int(data.aa.sum())
    time = f"{cg * data.frame_interval * 1e-3:.4g} ns"
    return f"{data.campaign}{subject}: {cg:,} CG frames ({time}), {aa:,} AA frames"


def new_figure(data: CoverageData, size: tuple[float, float], subject: str = "") -> Figure:
    """A figure with the campaign's line on top.

    Parameters
    ----------
    data : CoverageData
    size : tuple of float
        Width and height, inches.
    subject : str
        What is shown; follows the campaign's name.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.06))
    told, points = _fitted(campaign_line(data, subject), 72 * 0.95 * size[0])
    figure.suptitle(plain(told), fontsize=points)
    return figure


def _fitted(text: str, width: float) -> tuple[str, float]:
    """A title in lines, and its size in points, so that a long name is not cut off at the edges of `width` points."""
    from matplotlib.textpath import TextPath

    # A letter is about 0.6 of the font's size wide; a name of capitals is wider, and made smaller.
    told = textwrap.fill(text, int(width / (0.6 * TITLE_SIZE)))
    wide = max(
        TextPath((0, 0), plain(line), size=TITLE_SIZE).get_extents().width for line in told.splitlines()
    )
    return told, TITLE_SIZE * min(1.0, width / wide)


def title(ax: Axes, text: str) -> None:
    """A panel's title."""
    ax.set_title(text, fontsize=10)


def footnote(figure: Figure, text: str, warning: bool = False) -> None:
    """What must be known to read a figure, below it."""
    figure.supxlabel(text, fontsize=9 if warning else 8, color=WARNING if warning else "0.3")
