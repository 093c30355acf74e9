"""Drawing coverage. Nothing is computed here; every function takes arrays and ``ax=None`` and returns the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.lineage import LineageNode
from steer.coverage.measures import Growth

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "draw_growth", "draw_latent_density", "draw_lineage"]

COLOURS = {
    "input": "#000000",
    "cg": "#0072B2",
    "frame": "#56B4E9",
    "aa": "#D55E00",
    "rejected": "#999999",
    "control": "#009E73",
}
"""Okabe and Ito's colours, told apart by the colour-blind and in print by their markers."""

MARKERS = {"input": "*", "cg": "o", "frame": "s", "aa": "D", "rejected": "x"}
NAMES = {
    "input": "input structure",
    "cg": "CG simulation",
    "frame": "CG frame as seed",
    "aa": "refinement (AA), accepted",
    "rejected": "refinement, rejected",
}


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 4.5), layout="constrained").subplots()


def draw_latent_density(
    points: NDArray[np.floating],
    marks: dict[str, NDArray[np.floating]],
    labels: tuple[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Density of CG frames in two dimensions, with marks on top.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        CG frames.
    marks : dict of str to ndarray, shape (m, 2)
        Points to mark, by kind (a key of `COLOURS`), as ``{"aa": …, "input": …}``.
    labels : tuple of str
        Of the two axes.
    ax : matplotlib.axes.Axes, optional
    """
    from matplotlib.colors import LogNorm

    ax = _axes(ax)
    hexes = ax.hexbin(
        points[:, 0], points[:, 1], gridsize=45, cmap="Greys", norm=LogNorm(), mincnt=1, linewidths=0.1
    )
    ax.figure.colorbar(hexes, ax=ax, label="CG frames per cell", pad=0.01)
    for kind, places in marks.items():
        if len(places):
            _scatter(ax, places, kind, len(places))
    ax.set(xlabel=labels[0], ylabel=labels[1])
    _legend_below(ax)
    return ax


def _scatter(ax: Axes, places: NDArray[np.floating], kind: str, count: int) -> None:
    filled = MARKERS[kind] != "x"
    ax.scatter(
        places[:, 0],
        places[:, 1],
        s=150 if kind == "input" else 42,
        marker=MARKERS[kind],
        color=COLOURS[kind],
        label=f"{NAMES[kind]} ({count})",
        zorder=4 if kind == "input" else 3,
        edgecolors="white" if filled else None,
        linewidths=0.8 if filled else 1.5,
    )


def _legend_below(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2, fontsize=8, frameon=False)


def draw_growth(
    whole: Growth, control: Growth, changes: Sequence[tuple[float, str]] = (), ax: Axes | None = None
) -> Axes:
    """Coverage against aggregate CG time.

    Parameters
    ----------
    whole : Growth
        All CG frames.
    control : Growth
        Those of simulations started without any selection, at their own aggregate time.
    changes : sequence of (float, str)
        Times in ns to mark, with a word each: where a generation began.
    ax : matplotlib.axes.Axes, optional
    """
    ax = _axes(ax)
    ax.plot(whole.time, whole.cells, color=COLOURS["cg"], lw=2, label="all CG simulations")
    ax.plot(
        control.time,
        control.cells,
        color=COLOURS["control"],
        lw=1.6,
        ls="--",
        label="unsteered CG simulations alone",
    )
    for time, word in changes:
        ax.axvline(time, color="0.75", lw=0.8, zorder=0)
        ax.annotate(
            word,
            (time, 0.02),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=7,
            color="0.35",
            ha="right",
        )
    ax.set(xlabel="aggregate CG time (ns)", ylabel="occupied latent cells", xlim=(0, None), ylim=(0, None))
    ax.legend(loc="upper left", fontsize=8, frameon=False)
    return ax


def draw_lineage(nodes: Sequence[LineageNode], ax: Axes | None = None) -> Axes:
    """The tree of seeds, simulations and refinements, from the input structure at the left."""
    from matplotlib.ticker import MaxNLocator

    ax = _axes(ax)
    places = {node.id: (node.depth, node.height) for node in nodes}
    for node in nodes:
        if node.parent is not None:
            (x0, y0), (x1, y1) = places[node.parent], places[node.id]
            ax.plot([x0, (x0 + x1) / 2, (x0 + x1) / 2, x1], [y0, y0, y1, y1], color="0.8", lw=0.8, zorder=1)
    for kind in MARKERS:
        chosen = np.array([places[node.id] for node in nodes if node.kind == kind], dtype=float).reshape(
            -1, 2
        )
        if len(chosen):
            _scatter(ax, chosen, kind, len(chosen))
    if len(nodes) <= 60:
        for node in nodes:
            name = node.id.replace("cg-0000", "").replace("aa-0000", "aa ").replace("seed ", "s")
            ax.annotate(name, places[node.id], (5, 3), textcoords="offset points", fontsize=6, color="0.3")
    ax.set(xlabel="steps from the input structure", yticks=[])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    _legend_below(ax)
    return ax
