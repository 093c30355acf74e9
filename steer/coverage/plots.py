"""Drawing coverage. Nothing is computed here; every function takes arrays and ``ax=None`` and returns the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.control import TRUSTED, Control, Gain
from steer.coverage.lineage import LineageNode
from steer.coverage.measures import Growth
from steer.coverage.resampling import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "axis_top",
    "draw_growth",
    "draw_latent_density",
    "draw_lineage",
    "fill_band",
    "mark_size",
    "new_axes",
    "plain",
    "rounded",
]

COLOURS = {
    "input": "#000000",
    "cg": "#0072B2",
    "frame": "#56B4E9",
    "aa": "#D55E00",
    "open": "#D55E00",
    "rejected": "#999999",
    "failed": "#999999",
    "control": "#009E73",
}
"""Okabe and Ito's colours, told apart by the colour-blind and in print by their markers."""

MARKERS = {"input": "*", "cg": "o", "frame": "s", "aa": "D", "open": "D", "rejected": "x", "failed": "+"}
NAMES = {
    "input": "input structure",
    "cg": "CG simulation",
    "frame": "CG frame as seed",
    "aa": "refinement (AA), accepted",
    "open": "refinement, still open",
    "rejected": "refinement, rejected",
    "failed": "refinement, failed",
}


def new_axes(ax: Axes | None) -> Axes:
    """These axes, or new ones in a figure of their own."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(6, 4.5), layout="constrained").subplots()


def plain(text: str) -> str:
    """Text that matplotlib shows as it is: a name with dollar signs is no formula."""
    return text.replace("$", r"\$")


def rounded(value: float) -> str:
    """Three digits, large numbers written out: 1,730 and 0.0512."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def fill_band(ax: Axes, time: NDArray[np.floating], band: Band, colour: str) -> None:
    """The interval of a band, where there is one."""
    ax.fill_between(time, band.low, band.high, where=np.isfinite(band.low), color=colour, alpha=0.18, lw=0)


def axis_top(lines: Sequence[NDArray[np.number]], bands: Sequence[Band]) -> float | None:
    """Where an axis ends on which these lines can be told apart, however wide the bands; None for matplotlib's own."""
    line = _largest(lines)
    if not bands or line <= 0:
        return None
    return min(2.2 * line, max(1.1 * line, 1.05 * _largest([band.high for band in bands])))


def _largest(values: Sequence[NDArray[np.number]]) -> float:
    finite = np.concatenate([np.ravel(each)[np.isfinite(np.ravel(each))] for each in values] or [np.empty(0)])
    return float(finite.max(initial=0.0))


def draw_latent_density(
    points: NDArray[np.floating],
    marks: dict[str, NDArray[np.floating]],
    labels: tuple[str, str],
    ax: Axes | None = None,
    all_atom: NDArray[np.floating] | None = None,
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
    all_atom : ndarray, shape (n, 2), optional
        AA frames, drawn faintly.
    """
    from matplotlib.colors import LogNorm

    ax = new_axes(ax)
    hexes = ax.hexbin(
        points[:, 0], points[:, 1], gridsize=45, cmap="Greys", norm=LogNorm(), mincnt=1, linewidths=0.1
    )
    ax.figure.colorbar(hexes, ax=ax, label="CG frames per cell", pad=0.01)
    if all_atom is not None and len(all_atom):
        ax.scatter(
            all_atom[:, 0],
            all_atom[:, 1],
            s=8,
            color=COLOURS["aa"],
            alpha=0.45,
            linewidths=0,
            zorder=2,
            rasterized=True,
            label=f"AA frame ({len(all_atom):,})",
        )
    for kind, places in marks.items():
        if len(places):
            _scatter(ax, places, kind, len(places))
    ax.set(xlabel=labels[0], ylabel=labels[1])
    _legend_below(ax)
    return ax


def _scatter(ax: Axes, places: NDArray[np.floating], kind: str, count: int) -> None:
    line_only, colour = MARKERS[kind] in "x+", COLOURS[kind]
    ax.scatter(
        places[:, 0],
        places[:, 1],
        s=150 if kind == "input" else mark_size(count),
        marker=MARKERS[kind],
        facecolors="white" if kind == "open" else colour,
        edgecolors=None if line_only else colour if kind == "open" else "white",
        label=f"{NAMES[kind]} ({count})",
        zorder=4 if kind == "input" else 3,
        linewidths=1.5 if line_only or kind == "open" else 0.8,
    )


def mark_size(count: int) -> float:
    """Area of so many marks (points squared): smaller the more there are, so that they hide less."""
    return float(42 * min(1.0, (40 / max(count, 1)) ** 0.6))


def _legend_below(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2, fontsize=8, frameon=False)


def draw_growth(
    whole: Growth,
    changes: Sequence[tuple[float, str]] = (),
    ax: Axes | None = None,
    *,
    band: tuple[NDArray[np.floating], Band] | None = None,
    control: Control | None = None,
    gain: Gain | None = None,
) -> Axes:
    """Coverage against aggregate CG time, beside what unsteered simulations would have covered.

    Parameters
    ----------
    whole : Growth
        All CG frames.
    changes : sequence of (float, str)
        Times in ns to mark, with a word each: where a generation began.
    ax : matplotlib.axes.Axes, optional
    band : tuple of ndarray and Band, optional
        Times in ns, and the cells occupied by then with their interval.
    control : Control, optional
    gain : Gain, optional
    """
    ax = new_axes(ax)
    ax.plot(whole.time, whole.cells, color=COLOURS["cg"], lw=2, label="all CG simulations")
    if band is not None:
        fill_band(ax, *band, COLOURS["cg"])
    if control is not None:
        _draw_control(ax, control)
    told, end = -np.inf, float(whole.time[-1]) if len(whole.time) else 1.0
    for time, word in changes:
        ax.axvline(time, color="0.75", lw=0.8, zorder=0)
        if time - told < 0.04 * end:
            continue
        told = time
        ax.annotate(
            word,
            (time, 0.98),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=7,
            color="0.35",
            ha="right",
            va="top",
        )
    bands = [*([band[1]] if band is not None else []), *([control.cells] if control is not None else [])]
    top = axis_top([whole.cells, *(each.estimate for each in bands)], bands)
    ax.set(xlabel="aggregate CG time (ns)", ylabel="occupied latent cells", xlim=(0, None), ylim=(0, top))
    ax.legend(loc="lower right", fontsize=8, edgecolor="none", framealpha=0.85)
    if gain is not None:
        _state_gain(ax, control, gain)
    return ax


def _draw_control(ax: Axes, control: Control) -> None:
    inside = control.time <= control.own_time
    outside = control.time >= control.time[inside].max()
    colour, cells = COLOURS["control"], control.cells.estimate
    fill_band(ax, control.time, control.cells, colour)
    kept = f"control: {control.simulations} unsteered simulations"
    ax.plot(control.time[inside], cells[inside], color=colour, lw=1.8, ls="--", label=kept)
    if outside.sum() > 1:
        label = f"control, extrapolated {control.time[-1] / control.own_time:.2g} times"
        ax.plot(control.time[outside], cells[outside], color=colour, lw=1.8, ls=":", label=label)


def _state_gain(ax: Axes, control: Control | None, gain: Gain) -> None:
    if control is None:
        text = "No control: fewer than two unsteered simulations."
    else:
        text = f"Gain of steering at {gain.time:.3g} ns: {gain.ratio:.2f}"
        if np.isfinite(gain.low):
            text += f" ({gain.low:.2f} to {gain.high:.2f})"
            if gain.low <= 1 <= gain.high:
                text += ", not distinguishable from 1"
        text += (
            "\nBands: 95%, from resampled families; the widest are cut off. Control:"
            "\nmany simulations of the same length from the input structure; Chao2,"
            "\na lower bound far out."
        )
        if gain.extrapolation > TRUSTED:
            text += f"\nExtrapolated beyond {TRUSTED:g} times its data: the gain may be overstated."
    ax.annotate(text, (0, -0.16), xycoords="axes fraction", fontsize=8, color="0.2", va="top")


def draw_lineage(nodes: Sequence[LineageNode], ax: Axes | None = None) -> Axes:
    """The tree of seeds, simulations and refinements, from the input structure at the left."""
    from matplotlib.ticker import MaxNLocator

    ax = new_axes(ax)
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
