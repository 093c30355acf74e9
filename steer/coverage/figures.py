"""The figures of `steer coverage`: which drawings stand side by side, under which title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.analysis import Analysis
from steer.coverage.data import CoverageData
from steer.coverage.draw_free_energy import draw_surface
from steer.coverage.draw_history import draw_drift, draw_model_history, draw_novelty, draw_outcomes
from steer.coverage.draw_measures import draw_curve, draw_rate
from steer.coverage.draw_operations import (
    draw_latency,
    draw_latency_distribution,
    draw_throughput,
    draw_timeline,
)
from steer.coverage.free_energy import RESTART_BIAS, FreeEnergy
from steer.coverage.plots import draw_growth, draw_latent_density, draw_lineage, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["all_figures"]


def all_figures(data: CoverageData, analysis: Analysis) -> dict[str, Figure]:
    """Every figure that there is data for, by the name of its file, the first picture first."""
    figures = {"coverage": _coverage(data, analysis)}
    if analysis.progress is not None:
        figures["measures"] = _measures(data, analysis)
    if analysis.surface is not None:
        figures["free_energy"] = _free_energy(data, analysis)
    figures["learning"] = _learning(data, analysis)
    figures["operations"] = _operations(data, analysis)
    return figures


def _figure(data: CoverageData, size: tuple[float, float], subject: str) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.06))
    cg, aa = int(data.cg.sum()), int(data.aa.sum())
    time = f"{cg * data.frame_interval * 1e-3:.4g} ns"
    figure.suptitle(
        f"{plain(data.campaign)}{subject}: {cg:,} CG frames ({time}), {aa:,} AA frames", fontsize=12
    )
    return figure


def _title(ax: Axes, text: str) -> None:
    ax.set_title(text, fontsize=10)


def _coverage(data: CoverageData, analysis: Analysis) -> Figure:
    figure = _figure(data, (16, 5.6), "")
    axes = figure.subplots(1, 3, width_ratios=[1.15, 1, 1.15])
    view, progress = analysis.view, analysis.progress
    draw_latent_density(
        view(data.points[data.cg]), _marks(data, analysis), view.labels, axes[0], view(data.points[data.aa])
    )
    _title(axes[0], f"Latent space, {data.model.upper()} version {data.version}")
    draw_growth(
        analysis.growth,
        _generation_starts(data),
        axes[1],
        band=(progress.time, progress.cells) if progress else None,
        control=progress.control if progress else None,
        gain=progress.gain if progress else None,
    )
    _title(axes[1], "Coverage, and its control")
    draw_lineage(analysis.nodes, axes[2])
    _title(axes[2], "Lineage of seeds")
    return figure


def _marks(data: CoverageData, analysis: Analysis) -> dict[str, np.ndarray]:
    rejected = {id for id, s in data.simulations.items() if s.level == "aa" and s.state == "rejected"}
    rows = [
        p.frame_row for p in data.promotions if p.simulation in rejected and p.frame_row < len(data.points)
    ]
    coordinates = analysis.view(data.seed_points)
    by_origin = {
        origin: coordinates[[seed.origin == origin for seed in data.seeds]]
        for origin in ("cg", "aa", "input")
    }
    return {
        "frame": by_origin["cg"],
        "rejected": analysis.view(data.points[rows]),
        "aa": by_origin["aa"],
        "input": by_origin["input"],
    }


def _generation_starts(data: CoverageData) -> list[tuple[float, str]]:
    generation = data.generation()[data.cg]
    starts = []
    for wanted in range(1, int(generation.max(initial=0)) + 1):
        rows = np.flatnonzero(generation == wanted)
        if len(rows):
            starts.append((float(rows[0]) * data.frame_interval * 1e-3, f"generation {wanted}"))
    return starts


def _measures(data: CoverageData, analysis: Analysis) -> Figure:
    progress = analysis.progress
    if progress is None:
        raise ValueError("There are no measures to draw: the campaign has fewer than two CG frames.")
    figure = _figure(data, (10.5, 7.8), ", measures of coverage")
    axes = figure.subplots(2, 2)
    d = data.points.shape[1]
    area = "area" if d == 2 else "volume"
    draw_curve(progress.time, progress.volume, f"{area} of the union of balls (latent units)", axes[0, 0])
    grid = progress.cells.estimate[-1] * float(np.prod(progress.width))
    _title(
        axes[0, 0],
        f"Occupied {area}: balls of radius {progress.radius:.2g} (10th neighbour)\n"
        f"{progress.volume.estimate[-1]:.3g} by balls, {grid:.3g} by grid cells",
    )
    draw_curve(progress.time, progress.covering_radius, "covering radius (latent units)", axes[0, 1])
    _title(axes[0, 1], "Covering radius: farthest place found from\nwhat the other simulations have seen")
    draw_curve(progress.time, progress.evenness, "evenness of cell occupancy", axes[1, 0], top=1.02)
    _title(axes[1, 0], "Evenness: normalised entropy of occupied cells")
    draw_rate(progress.windows, progress.discovery, "new cells per ns", axes[1, 1])
    _title(axes[1, 1], "Rate of discovery")
    figure.supxlabel(
        f"Bands: 95%, from halves of {progress.simulations} CG simulations "
        f"({progress.unsteered} unsteered), none below four.",
        fontsize=8,
        color="0.3",
    )
    return figure


def _free_energy(data: CoverageData, analysis: Analysis) -> Figure:
    surface, refined = analysis.surface, analysis.refined_surface
    if surface is None:
        raise ValueError("There is no free energy to draw: the campaign has fewer than two CG frames.")
    figure = _figure(data, (15, 5), ", free energy of the sampled ensemble")
    axes = figure.subplots(1, 3)
    labels = analysis.view.labels
    draw_surface(surface, labels, axes[0])
    _title(axes[0], f"CG frames\n{_sizes(surface)}")
    draw_surface(surface, labels, axes[1], error=True)
    _title(axes[1], f"Its standard error\nfrom halves of {surface.simulations} simulations")
    if refined is None:
        axes[2].text(0.5, 0.5, "no AA frames yet", transform=axes[2].transAxes, ha="center", color="0.4")
        axes[2].set(xlabel=labels[0], ylabel=labels[1])
    else:
        draw_surface(refined, labels, axes[2])
        _title(axes[2], f"AA frames, weighted by the CG frames they stand for\n{_sizes(refined)}")
    steered = bool((data.cg & data.steered()).any())
    warning = RESTART_BIAS if steered else "No simulation was steered; each counts from its own start."
    figure.supxlabel(
        f"{warning}\nWhite: fewer than 3 CG frames (1 AA frame). Grey: fewer than 3 simulations, error unknown.",
        fontsize=9,
        color="#A03000",
    )
    return figure


def _sizes(surface: FreeEnergy) -> str:
    return (
        f"{surface.frames:,} frames of {surface.simulations} simulations, "
        f"effective sample size {surface.effective:.3g}"
    )


def _learning(data: CoverageData, analysis: Analysis) -> Figure:
    figure = _figure(data, (11, 8), ", selection, model and refinement")
    axes = figure.subplots(2, 2)
    draw_novelty(analysis.novelty, analysis.selected.purpose, axes[0, 0])
    _title(axes[0, 0], f"Novelty of what was selected, in the space of model version {data.version}")
    draw_outcomes(analysis.outcomes, axes[0, 1])
    rmsd = analysis.outcomes.bead_rmsd
    quality = f"\naccepted: {np.median(rmsd):.3f} nm median bead RMSD after mapping back" if rmsd else ""
    _title(axes[0, 1], f"Refinements by outcome and reason{quality}")
    draw_model_history(analysis.models, axes[1, 0])
    _title(axes[1, 0], "Reconstruction error by model version")
    draw_drift(analysis.drift, data.trained, axes[1, 1])
    _title(axes[1, 1], f"Drift: what version {data.version} makes of successive frames")
    return figure


def _operations(data: CoverageData, analysis: Analysis) -> Figure:
    figure = _figure(data, (11, 7.6), ", latency and throughput")
    axes = figure.subplots(2, 2)
    latency = analysis.latency
    draw_latency(latency, axes[0, 0])
    _title(axes[0, 0], "Frame latency over the campaign")
    draw_latency_distribution(latency, axes[0, 1])
    _title(axes[0, 1], f"Frame latency of {len(latency.seconds):,} frames")
    draw_timeline(analysis.spans, axes[1, 0])
    _title(axes[1, 0], "Jobs by worker and slot")
    draw_throughput(analysis.shares, axes[1, 1])
    _title(axes[1, 1], "Throughput by worker")
    return figure
