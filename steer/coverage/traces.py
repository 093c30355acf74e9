"""Building blocks of the pages to zoom in, as plotly traces. Nothing is computed here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.free_energy import FreeEnergy
from steer.coverage.plots import COLOURS, NAMES
from steer.coverage.resampling import Band

if TYPE_CHECKING:
    from plotly.graph_objects import Heatmap, Scatter

__all__ = ["band_traces", "density", "dots", "escaped", "line", "marks", "surface", "tree"]

POINTS_AT_MOST = 2000
SYMBOLS = {"input": "star", "cg": "circle", "frame": "square", "aa": "diamond", "open": "diamond-open",
           "rejected": "x-thin", "failed": "cross-thin"}  # fmt: skip
DASHES = {"-": "solid", "--": "dash", ":": "dot"}


def escaped(text: str) -> str:
    """Text that plotly, which understands some HTML, shows as it is."""
    return html.escape(text, quote=False)


def thinned(*columns: NDArray[Any]) -> list[NDArray[Any]]:
    """Long curves evenly thinned, their ends kept."""
    n = len(columns[0])
    rows = np.unique(np.linspace(0, n - 1, min(n, POINTS_AT_MOST)).astype(np.int64)) if n else slice(0)
    return [column[rows] for column in columns]


def line(
    x: NDArray[Any], y: NDArray[Any], name: str, colour: str, style: str = "-", *, shape: str = "linear",
    markers: bool = False,
) -> Scatter:  # fmt: skip
    """A curve."""
    from plotly.graph_objects import Scatter

    x, y = thinned(np.asarray(x), np.asarray(y))
    return Scatter(
        x=x,
        y=y,
        name=escaped(name),
        mode="lines+markers" if markers else "lines",
        line={"color": colour, "dash": DASHES[style], "width": 2, "shape": shape},
    )


def band_traces(
    x: NDArray[Any], band: Band, name: str, colour: str, style: str = "-", *, shape: str = "linear"
) -> list[Scatter]:
    """A curve over its interval, where there is one."""
    from plotly.graph_objects import Scatter

    known = np.isfinite(band.low) & np.isfinite(band.high)
    if not known.any():
        return [line(x, band.estimate, name, colour, style, shape=shape)]
    around = np.concatenate([x[known], x[known][::-1]])
    edge = np.concatenate([band.high[known], band.low[known][::-1]])
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    interval = Scatter(
        x=around,
        y=edge,
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        line={"width": 0, "color": colour},
        hoverinfo="skip",
        showlegend=False,
    )
    return [interval, line(x, band.estimate, name, colour, style, shape=shape)]


def marks(places: NDArray[np.floating], kind: str, hover: Sequence[str]) -> Scatter:
    """Marked points of one kind (a key of `COLOURS`), each with a text that shows when pointed at."""
    from plotly.graph_objects import Scatter

    thin = kind in ("open", "rejected", "failed")
    return Scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        name=f"{NAMES[kind]} ({len(places)})",
        text=[escaped(text) for text in hover],
        hovertemplate="%{text}<extra></extra>",
        marker={
            "symbol": SYMBOLS[kind],
            "color": COLOURS[kind],
            "size": 16 if kind == "input" else 9,
            "line": {"color": COLOURS[kind] if thin else "white", "width": 2 if thin else 1},
        },
    )


def dots(places: NDArray[np.floating], name: str, colour: str) -> Scatter:
    """Faint points, evenly thinned to 2,000."""
    from plotly.graph_objects import Scatter

    x, y = thinned(places[:, 0], places[:, 1])
    marker = {"color": colour, "size": 4, "opacity": 0.45}
    return Scatter(x=x, y=y, mode="markers", name=f"{name} ({len(places)})", hoverinfo="skip", marker=marker)


def density(points: NDArray[np.floating], bins: int = 90) -> Heatmap:
    """How many points fall where, on a logarithmic scale; empty where none does."""
    from plotly.graph_objects import Heatmap

    counts, x, y = np.histogram2d(points[:, 0], points[:, 1], bins=bins)
    with np.errstate(divide="ignore"):
        height = np.where(counts > 0, np.log10(counts), np.nan)
    top = max(1, int(np.ceil(np.nanmax(height)))) if len(points) else 1
    return Heatmap(
        x=(x[:-1] + x[1:]) / 2,
        y=(y[:-1] + y[1:]) / 2,
        z=height.T,
        customdata=counts.T,
        hovertemplate="%{customdata:.0f} CG frames<extra></extra>",
        colorscale="Greys",
        zmin=-0.6,
        zmax=top,
        showscale=False,
        hoverongaps=False,
    )


def surface(energy: FreeEnergy, colours: Any, *, error: bool = False) -> Heatmap:
    """A free-energy surface or its standard error; `colours` is the name of a colour axis of the figure."""
    from plotly.graph_objects import Heatmap

    values = (energy.error if error else energy.energy).filled(np.nan)
    return Heatmap(
        x=(energy.x[:-1] + energy.x[1:]) / 2,
        y=(energy.y[:-1] + energy.y[1:]) / 2,
        z=values.T,
        hovertemplate="%{x:.3g}, %{y:.3g}: %{z:.2f} kT<extra></extra>",
        coloraxis=colours,
        hoverongaps=False,
    )


def tree(ends: Sequence[tuple[float, float, float, float]]) -> Scatter:
    """Branches from (x0, y0) to (x1, y1), with a corner half-way."""
    from plotly.graph_objects import Scatter

    x: list[float | None] = []
    y: list[float | None] = []
    for x0, y0, x1, y1 in ends:
        middle = (x0 + x1) / 2
        x += [x0, middle, middle, x1, None]
        y += [y0, y0, y1, y1, None]
    return Scatter(
        x=x, y=y, mode="lines", line={"color": "#cccccc", "width": 1}, hoverinfo="skip", showlegend=False
    )
