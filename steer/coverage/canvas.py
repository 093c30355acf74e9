"""An empty figure that says whose it is and how much it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steer.coverage.data import CoverageData
from steer.coverage.plots import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["WARNING", "campaign_line", "footnote", "new_figure", "title"]

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
    figure.suptitle(plain(campaign_line(data, subject)), fontsize=12)
    return figure


def title(ax: Axes, text: str) -> None:
    """A panel's title."""
    ax.set_title(text, fontsize=10)


def footnote(figure: Figure, text: str, warning: bool = False) -> None:
    """What must be known to read a figure, below it."""
    figure.supxlabel(text, fontsize=9 if warning else 8, color=WARNING if warning else "0.3")
