"""Drawing how selection, model and refinement did over a campaign. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.learning import ModelHistory
from steer.coverage.novelty import Novelty
from steer.coverage.plots import COLOURS, new_axes, plain
from steer.coverage.refinements import Outcomes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_drift", "draw_model_history", "draw_novelty", "draw_outcomes"]

ERROR_LABEL = "mean squared decode error"

PURPOSES = {
    "aa": ("promoted to refinement", "aa", "D"),
    "cg": ("CG frame as seed", "frame", "s"),
    "refined": ("refined structure as seed", "input", "^"),
}


def draw_novelty(values: Novelty, purpose: Sequence[str], ax: Axes | None = None) -> Axes:
    """Novelty of each selection, beside what a random pick and the best one would have had.

    Parameters
    ----------
    values : Novelty
    purpose : sequence of str
        What each selection was for, by its position.
    ax : matplotlib.axes.Axes, optional
    """
    from matplotlib.ticker import MaxNLocator

    ax = new_axes(ax)
    ax.plot(values.position, values.farthest, color="0.35", lw=1, ls=":", label="farthest frame known then")
    ax.plot(values.position, values.typical, color="0.35", lw=1.2, ls="--", label="median frame known then")
    kinds = np.array([purpose[i] for i in values.position])
    for kind, (name, colour, marker) in PURPOSES.items():
        chosen = kinds == kind
        if chosen.any():
            ax.scatter(
                values.position[chosen],
                values.chosen[chosen],
                color=COLOURS[colour],
                marker=marker,
                s=36,
                edgecolors="white",
                linewidths=0.6,
                zorder=3,
                label=f"{name} ({chosen.sum()})",
            )
    ax.set(
        xlabel="selection, in the order of decisions", ylabel="latent distance to what was selected before"
    )
    heights = np.concatenate([[1e-9], values.chosen, values.farthest[np.isfinite(values.farthest)]])
    # Room for the legend above the points.
    ax.set_ylim(-0.04 * heights.max(), 1.35 * heights.max())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize=8, frameon=False, ncols=2, loc="upper center")
    return ax


def draw_model_history(history: ModelHistory, ax: Axes | None = None) -> Axes:
    """Reconstruction error of each model version on training and held-out frames."""
    ax = new_axes(ax)
    ax.plot(history.version, history.training, "o-", color=COLOURS["cg"], lw=1.6, label="training frames")
    if np.isfinite(history.validation).any():
        ax.plot(
            history.version, history.validation, "s--", color=COLOURS["aa"], lw=1.6, label="held-out frames"
        )
    ax.set_xticks(
        history.version, [f"{v}\n{n:,}" for v, n in zip(history.version, history.frames, strict=True)]
    )
    ax.set(xlabel="model version, and frames it was trained from", ylabel=ERROR_LABEL)
    ax.set_ylim(0, 1.2 * max(1e-9, *np.nan_to_num([*history.training, *history.validation, 0.0])))
    ax.legend(fontsize=8, frameon=False, loc="lower left")
    return ax


def draw_drift(
    blocks: Mapping[str, tuple[NDArray[np.integer], NDArray[np.floating]]],
    trained: int,
    ax: Axes | None = None,
) -> Axes:
    """Decode error of the newest model in the order in which frames arrived.

    Parameters
    ----------
    blocks : mapping of str to (ndarray, ndarray)
        By level (``cg``, ``aa``): edges of blocks as rows, shape (k + 1,), and the mean error in each, shape (k,).
    trained : int
        Rows the model could be trained on.
    ax : matplotlib.axes.Axes, optional
    """
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    ax = new_axes(ax)
    for level, name, marker, style in (("cg", "CG frames", "o", "-"), ("aa", "AA frames", "s", "--")):
        if level in blocks and len(blocks[level][1]):
            edges, mean = blocks[level]
            middles = (edges[:-1] + edges[1:]) / 2
            ax.plot(middles, mean, marker + style, color=COLOURS[level], lw=1.5, ms=4, label=name)
    ax.axvline(trained, color="0.5", lw=0.9)
    ax.annotate(
        "trained on\nframes to the left",
        (trained, 0.98),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 0),
        textcoords="offset points",
        rotation=90,
        fontsize=7,
        color="0.35",
        ha="right",
        va="top",
    )
    highest = max(
        (float(np.nanmax(mean)) for _, mean in blocks.values() if np.isfinite(mean).any()), default=0.0
    )
    # Room for the words above the curves.
    ax.set(xlabel="frames, in the order of arrival", ylabel=ERROR_LABEL, ylim=(0, 1.45 * highest or None))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.legend(fontsize=8, frameon=False, loc="upper left")
    return ax


def draw_outcomes(outcomes: Outcomes, ax: Axes | None = None, most: int = 8) -> Axes:
    """Refinements accepted, rejected by reason, failed and open, as bars with their counts.

    Parameters
    ----------
    outcomes : Outcomes
    ax : matplotlib.axes.Axes, optional
    most : int
        Reasons shown; the others are summed.
    """
    from matplotlib.ticker import MaxNLocator

    ax = new_axes(ax)
    if not (outcomes.accepted or outcomes.rejected or outcomes.failed or outcomes.open):
        ax.set_axis_off()
        ax.text(0.5, 0.5, "no refinements", transform=ax.transAxes, ha="center", color="0.35")
        return ax
    reasons = list(outcomes.reasons.items())
    shown = reasons[:most]
    if len(reasons) > most:
        shown.append(("other reasons", sum(count for _, count in reasons[most:])))
    bars = [
        ("accepted", outcomes.accepted, COLOURS["aa"]),
        ("rejected", outcomes.rejected, COLOURS["rejected"]),
        *((f"  {plain(reason)}", count, "#CCCCCC") for reason, count in shown),
        ("failed", outcomes.failed, "#000000"),
        ("still open", outcomes.open, COLOURS["frame"]),
    ]
    names, counts, colours = zip(*bars, strict=True)
    artists = ax.barh(range(len(bars)), counts, color=colours, height=0.7)
    ax.bar_label(artists, padding=3, fontsize=8)
    ax.set_yticks(range(len(bars)), names, fontsize=8)
    ax.invert_yaxis()
    ax.set(xlabel="refinements", xlim=(0, 1.12 * max(1, *counts)))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
