"""The figures of `steer coverage`: which drawings stand side by side, under which title."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.analysis import Analysis
from steer.coverage.canvas import WARNING, footnote, new_figure, title
from steer.coverage.data import CoverageData
from steer.coverage.draw_free_energy import draw_surface
from steer.coverage.draw_generations import draw_generations
from steer.coverage.draw_history import draw_drift, draw_model_history, draw_novelty, draw_outcomes
from steer.coverage.draw_kinetics import draw_timescales, draw_visits
from steer.coverage.draw_measures import draw_curve, draw_rate
from steer.coverage.draw_operations import (
    draw_latency,
    draw_latency_distribution,
    draw_throughput,
    draw_timeline,
)
from steer.coverage.free_energy import RESTART_BIAS, FreeEnergy
from steer.coverage.markov import MarkovModel
from steer.coverage.plots import draw_growth, draw_latent_density, draw_lineage, plain, rounded
from steer.coverage.surfaces import MIN_FRAMES_IN_BIN, Surfaces

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["all_figures"]

STATES_SHOWN = 6


def all_figures(data: CoverageData, analysis: Analysis) -> dict[str, Figure]:
    """Every figure that there is data for, by the name of its file, the first picture first."""
    figures = {"coverage": _coverage(data, analysis)}
    if analysis.progress is not None:
        figures["measures"] = _measures(data, analysis)
    figures |= {surfaces.name: _free_energy(data, surfaces) for surfaces in analysis.surfaces}
    if analysis.states:
        figures["states"] = _states(data, analysis)
    if analysis.markov is not None:
        figures["markov"] = _markov(data, analysis, analysis.markov)
    figures["learning"] = _learning(data, analysis)
    figures["operations"] = _operations(data, analysis)
    return figures


def _coverage(data: CoverageData, analysis: Analysis) -> Figure:
    figure = new_figure(data, (13, 10.6))
    axes = figure.subplots(2, 2)
    view, progress = analysis.view, analysis.progress
    coarse = view(data.points[data.cg])
    marks = _marks(data, analysis)
    places = {kind: each for kind, (each, _) in marks.items()}
    draw_latent_density(coarse, places, view.labels, axes[0, 0], view(data.points[data.aa]))
    title(axes[0, 0], f"Latent space, {data.model.upper()} version {data.version}")
    draw_generations(coarse, marks, view.labels, axes[0, 1])
    title(axes[0, 1], "Seeds and refinements by generation")
    draw_growth(
        analysis.growth,
        _generation_starts(data),
        axes[1, 0],
        band=(progress.time, progress.cells) if progress else None,
        control=progress.control if progress else None,
        gain=progress.gain if progress else None,
    )
    title(axes[1, 0], "Coverage, and its control")
    draw_lineage(analysis.nodes, axes[1, 1])
    title(axes[1, 1], "Lineage of seeds")
    return figure


def _marks(data: CoverageData, analysis: Analysis) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Places in the view and generations of seeds, and of promoted frames whose refinement was rejected, by kind."""
    rejected = {id: s for id, s in data.simulations.items() if s.level == "aa" and s.state == "rejected"}
    refused = [p for p in data.promotions if p.simulation in rejected and p.frame_row < len(data.points)]
    coordinates = analysis.view(data.seed_points)
    generation = np.array([seed.generation for seed in data.seeds], dtype=np.int64)
    origin = np.array([seed.origin for seed in data.seeds])
    marks = {
        kind: (coordinates[origin == name], generation[origin == name])
        for kind, name in (("frame", "cg"), ("aa", "aa"), ("input", "input"))
    }
    marks["rejected"] = (
        analysis.view(data.points[[p.frame_row for p in refused]]),
        np.array([rejected[p.simulation].generation for p in refused], dtype=np.int64),
    )
    return marks


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
    figure = new_figure(data, (10.5, 7.8), ", measures of coverage")
    axes = figure.subplots(2, 2)
    d = data.points.shape[1]
    area = "area" if d == 2 else "volume"
    draw_curve(
        progress.time,
        progress.volume,
        f"{area} of the union of balls (latent units)",
        axes[0, 0],
        control=progress.volume_control,
    )
    grid = progress.cells.estimate[-1] * float(np.prod(progress.width))
    title(
        axes[0, 0],
        f"Occupied {area}: balls of radius {progress.radius:.2g} (10th neighbour)\n"
        f"{progress.volume.estimate[-1]:.3g} by balls, {grid:.3g} by grid cells",
    )
    draw_curve(
        progress.time,
        progress.covering_radius,
        "covering radius (latent units)",
        axes[0, 1],
        control=progress.covering_control,
    )
    title(axes[0, 1], "Covering radius: farthest place found from\nwhat the other simulations have seen")
    draw_curve(
        progress.time,
        progress.evenness,
        "evenness of cell occupancy",
        axes[1, 0],
        top=1.02,
        control=progress.evenness_control,
    )
    title(axes[1, 0], "Evenness: normalised entropy of occupied cells")
    draw_rate(
        progress.windows,
        progress.discovery,
        "new cells per ns",
        axes[1, 1],
        control=progress.discovery_control,
    )
    title(axes[1, 1], "Rate of discovery")
    footnote(
        figure,
        f"Bands: 95%, from halves of the {progress.families} families that {progress.simulations} CG simulations "
        f"({progress.unsteered} unsteered) descend from; none below four.\n"
        "Control: the mean over random subsets of the unsteered simulations, as many as fit into the time; "
        "for the rate, as for coverage." + ("" if progress.control else " Here there are too few of them."),
    )
    return figure


def _free_energy(data: CoverageData, surfaces: Surfaces) -> Figure:
    panels = 2 if surfaces.aa is None else 3
    figure = new_figure(data, (5 * panels, 5), ", free energy of the sampled ensemble")
    axes = figure.subplots(1, panels)
    labels = surfaces.labels
    draw_surface(surfaces.cg, labels, axes[0])
    title(axes[0], f"CG frames\n{_sizes(surfaces.cg)}")
    draw_surface(surfaces.cg, labels, axes[1], error=True)
    title(
        axes[1], f"Its standard error\nfrom halves of the families of {surfaces.cg.simulations} simulations"
    )
    if surfaces.aa is not None:
        draw_surface(surfaces.aa, labels, axes[2])
        title(axes[2], f"AA frames, weighted as the CG frames they stand for\n{_sizes(surfaces.aa)}")
    steered = bool((data.cg & data.steered()).any())
    warning = RESTART_BIAS if steered else "No simulation was steered; each counts from its own start."
    footnote(
        figure,
        f"{warning}\nWhite: fewer than {MIN_FRAMES_IN_BIN} CG frames (1 AA frame). Grey: fewer than 3 families, "
        "error unknown.",
        warning=True,
    )
    return figure


def _states(data: CoverageData, analysis: Analysis) -> Figure:
    shown = analysis.states[:STATES_SHOWN]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = new_figure(data, (max(5.2 * columns, 8), 4.9 * rows), ", first visits of named states")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    for ax, state in zip(axes, shown, strict=False):
        draw_visits(state, ax)
        when = f"first seen at {state.first:.3g} ns by {state.first_by}" if state.first_by else "never seen"
        ax.set_title(
            f"{state.name}: {plain(state.ranges)}\n{when}; {state.frames:,} CG frames\n"
            f"simulations that began in it: {state.began}; refinements that saw it: {state.refinements}",
            fontsize=8.5,
        )
    left = len(analysis.states) - len(shown)
    footnote(
        figure,
        "Kaplan-Meier; simulations that ended before they came are censored, those that began in the state left out. "
        "Bands: 95%, none below four families." + (f" {left} more states are in states.csv." if left else ""),
    )
    return figure


def _markov(data: CoverageData, analysis: Analysis, model: MarkovModel) -> Figure:
    figure = new_figure(data, (11.5, 5.6), ", Markov model of the CG frames")
    axes = figure.subplots(1, 2)
    draw_timescales(model, axes[0])
    title(
        axes[0],
        f"Implied timescales: posterior median, 95% interval\n{model.connected} of {model.microstates} "
        f"microstates connected, {model.simulations} simulations",
    )
    if analysis.equilibrium is None or model.warnings:
        doubts = "\n\n".join(textwrap.fill(text, 58) for text in model.warnings)
        axes[1].set_axis_off()
        axes[1].text(0, 0.97, doubts, transform=axes[1].transAxes, va="top", fontsize=9, color=WARNING)
        title(axes[1], "Why the equilibrium of this model is not shown")
    else:
        draw_surface(analysis.equilibrium, analysis.view.labels, axes[1])
        title(
            axes[1],
            f"CG frames as the model weighs them, lag {model.lag:.3g} ns\n{_sizes(analysis.equilibrium)}",
        )
    notes = "\n".join(textwrap.fill(text, 130) for text in model.notes)
    footnote(figure, notes or "No simulation was started by a selection.", warning=bool(notes))
    return figure


def _sizes(surface: FreeEnergy) -> str:
    return f"{surface.frames:,} frames of {surface.simulations} simulations\neffective sample size {rounded(surface.effective)}"


def _learning(data: CoverageData, analysis: Analysis) -> Figure:
    figure = new_figure(data, (11, 8), ", selection, model and refinement")
    axes = figure.subplots(2, 2)
    draw_novelty(analysis.novelty, analysis.selected.purpose, axes[0, 0])
    title(axes[0, 0], f"Novelty of what was selected, in the space of model version {data.version}")
    draw_outcomes(analysis.outcomes, axes[0, 1])
    rmsd = analysis.outcomes.bead_rmsd
    quality = f"\naccepted: {np.median(rmsd):.3f} nm median bead RMSD after mapping back" if rmsd else ""
    title(axes[0, 1], f"Refinements by outcome and reason{quality}")
    draw_model_history(analysis.models, axes[1, 0])
    title(axes[1, 0], "Reconstruction error by model version")
    draw_drift(analysis.drift, data.trained, axes[1, 1])
    title(axes[1, 1], f"Drift: what version {data.version} makes of successive frames")
    return figure


def _operations(data: CoverageData, analysis: Analysis) -> Figure:
    figure = new_figure(data, (11, 7.6), ", latency and throughput")
    axes = figure.subplots(2, 2)
    latency = analysis.latency
    draw_latency(latency, axes[0, 0])
    title(axes[0, 0], "Frame latency over the campaign")
    draw_latency_distribution(latency, axes[0, 1])
    title(axes[0, 1], f"Frame latency of {len(latency.seconds):,} frames")
    draw_timeline(analysis.spans, axes[1, 0])
    title(axes[1, 0], "Jobs by worker and slot")
    draw_throughput(analysis.shares, axes[1, 1])
    title(axes[1, 1], "Throughput by worker")
    return figure
