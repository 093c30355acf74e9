"""Drawing where successive generations of seeds and refinements lie. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.plots import MARKERS, NAMES, mark_size, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_generations"]


def draw_generations(
    points: NDArray[np.floating],
    marks: Mapping[str, tuple[NDArray[np.floating], NDArray[np.integer]]],
    labels: tuple[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Seeds and refinements by generation, as colour and number, on the outline of the CG frames.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        CG frames.
    marks : mapping of str to (ndarray, ndarray)
        By kind (a key of `MARKERS`): places, shape (m, 2), and generations, shape (m,).
    labels : tuple of str
        Of the two axes.
    ax : matplotlib.axes.Axes, optional
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm

    ax = new_axes(ax)
    ax.hexbin(
        points[:, 0], points[:, 1], C=np.ones(len(points)), reduce_C_function=np.mean, gridsize=45,
        cmap="Greys", vmin=0, vmax=7, linewidths=0.1,
    )  # fmt: skip
    last = max((int(generation.max(initial=0)) for _, generation in marks.values()), default=0)
    colours = colormaps["viridis"].resampled(last + 1)
    norm = BoundaryNorm(np.arange(last + 2) - 0.5, last + 1)
    for kind, (places, generation) in marks.items():
        if not len(places):
            continue
        filled = MARKERS[kind] != "x"
        ax.scatter(
            places[:, 0], places[:, 1], c=generation, cmap=colours, norm=norm, marker=MARKERS[kind],
            s=150 if kind == "input" else 1.1 * mark_size(len(places)), edgecolors="black" if filled else None,
            linewidths=0.6 if filled else 1.6, label=f"{NAMES[kind]} ({len(places)})",
            zorder=4 if kind == "input" else 3,
        )  # fmt: skip
        if kind != "input" and len(places) <= 40:
            for place, number in zip(places, generation, strict=True):
                ax.annotate(
                    str(number), place, (4, 4), textcoords="offset points", fontsize=6, color="0.15", zorder=5
                )
    ticks = np.unique(np.linspace(0, last, min(last, 8) + 1).round().astype(int))
    ax.figure.colorbar(ScalarMappable(norm, colours), ax=ax, label="generation", ticks=ticks, pad=0.01)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    if marks:
        legend = ax.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.14),
            ncols=2,
            fontsize=8,
            frameon=False,
            labelcolor="black",
        )
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1)
    return ax
