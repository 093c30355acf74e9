"""The figures as plotly has them, to zoom and point in. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from steer.coverage.analysis import Analysis
from steer.coverage.control import Control
from steer.coverage.data import CoverageData
from steer.coverage.draw_kinetics import told_wait
from steer.coverage.draw_operations import KINDS
from steer.coverage.free_energy import RESTART_BIAS
from steer.coverage.plots import COLOURS, NAMES, rounded
from steer.coverage.resampling import Band
from steer.coverage.surfaces import Surfaces
from steer.coverage.traces import band_traces, density, dots, escaped, line, marks, surface, tree

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Scatter

__all__ = ["interactive_figures"]


def interactive_figures(data: CoverageData, analysis: Analysis) -> Iterator[tuple[str, str, Figure, str]]:
    """Name of its file, subject, figure, and what must be known to read it, of every figure there is data for."""
    bias = RESTART_BIAS if bool((data.cg & data.steered()).any()) else ""
    yield "coverage", "", _coverage(data, analysis), ""
    if analysis.progress is not None:
        yield "measures", ", measures of coverage", _measures(analysis), ""
    for surfaces in analysis.surfaces:
        yield surfaces.name, ", free energy of the sampled ensemble", _free_energy(surfaces), bias
    if analysis.states:
        yield "states", ", first visits of named states", _states(analysis), ""
    if analysis.markov is not None:
        said = " ".join([*analysis.markov.warnings, *analysis.markov.notes])
        yield "markov", ", Markov model of the CG frames", _markov(analysis), said
    yield "learning", ", selection, model and refinement", _learning(analysis), ""
    yield "operations", ", latency and throughput", _operations(analysis), ""


def _subplots(rows: int, columns: int, titles: list[str], height: int, **options: Any) -> Figure:
    from plotly.subplots import make_subplots

    options = {"vertical_spacing": 0.26 / rows} | options
    figure = make_subplots(rows, columns, subplot_titles=[escaped(title) for title in titles], **options)
    figure.update_layout(template="simple_white", height=height, margin={"t": 60, "l": 60, "r": 30, "b": 60})
    figure.update_annotations(font_size=13)
    return figure


def _label(figure: Figure, row: int, column: int, x: str, y: str) -> None:
    figure.update_xaxes(title_text=escaped(x), row=row, col=column)
    figure.update_yaxes(title_text=escaped(y), row=row, col=column)


def _coverage(data: CoverageData, analysis: Analysis) -> Figure:
    figure = _subplots(
        2, 2, [f"Latent space, {data.model.upper()} version {data.version}", _gain(analysis),
               "Lineage of seeds"], 1000,
        specs=[[{}, {}], [{"colspan": 2}, None]],
    )  # fmt: skip
    view = analysis.view
    figure.add_trace(density(view(data.points[data.cg])), 1, 1)
    if data.aa.any():
        figure.add_trace(dots(view(data.points[data.aa]), "AA frames", COLOURS["aa"]), 1, 1)
    seeds = view(data.seed_points)
    for kind, origin in (("frame", "cg"), ("aa", "aa"), ("input", "input")):
        chosen = [i for i, seed in enumerate(data.seeds) if seed.origin == origin]
        if chosen:
            hover = [
                f"seed {data.seeds[i].id}, generation {data.seeds[i].generation}, from "
                f"{data.seeds[i].parent or 'the input structure'}"
                for i in chosen
            ]
            figure.add_trace(marks(seeds[chosen], kind, hover), 1, 1)
    _label(figure, 1, 1, *view.labels)
    growth, progress = analysis.growth, analysis.progress
    figure.add_trace(line(growth.time, growth.cells, "all CG simulations", COLOURS["cg"], shape="hv"), 1, 2)
    if progress is not None:
        band = band_traces(progress.time, progress.cells, "at checkpoints", COLOURS["cg"], ":")
        control = progress.control
        if control is not None:
            name = f"control: {control.simulations} unsteered"
            band += band_traces(control.time, control.cells, name, COLOURS["control"], "--")
        figure.add_traces(band, 1, 2)
    _label(figure, 1, 2, "aggregate CG time (ns)", "occupied latent cells")
    _lineage(figure, analysis)
    return figure


def _gain(analysis: Analysis) -> str:
    gain = analysis.progress.gain if analysis.progress is not None else None
    if gain is None or not np.isfinite(gain.ratio):
        return "Coverage; no control"
    interval = f" ({gain.low:.2f} to {gain.high:.2f})" if np.isfinite(gain.low) else ""
    return f"Coverage, and its control: gain of steering {gain.ratio:.2f}{interval}"


def _lineage(figure: Figure, analysis: Analysis) -> None:
    places = {node.id: (float(node.depth), node.height) for node in analysis.nodes}
    branches = [(*places[n.parent], *places[n.id]) for n in analysis.nodes if n.parent is not None]
    figure.add_trace(tree(branches), 2, 1)
    for kind in NAMES:
        chosen = [node.id for node in analysis.nodes if node.kind == kind]
        if chosen:
            trace = marks(np.array([places[id] for id in chosen]), kind, chosen)
            figure.add_trace(trace.update(showlegend=kind not in ("input", "frame", "aa")), 2, 1)
    _label(figure, 2, 1, "steps from the input structure", "")
    figure.update_yaxes(visible=False, row=2, col=1)


def _measures(analysis: Analysis) -> Figure:
    progress = analysis.progress
    if progress is None:
        raise ValueError("There are no measures to draw: the campaign has fewer than two CG frames.")
    figure = _subplots(
        2, 2, ["Occupied volume, by balls", "Covering radius", "Evenness", "Rate of discovery"], 800
    )
    windows = (progress.windows[:-1] + progress.windows[1:]) / 2
    curves = (
        (
            1,
            1,
            progress.time,
            progress.volume,
            "volume of the union of balls (latent units)",
            progress.volume_control,
        ),
        (
            1,
            2,
            progress.time,
            progress.covering_radius,
            "covering radius (latent units)",
            progress.covering_control,
        ),
        (2, 1, progress.time, progress.evenness, "evenness of cell occupancy", progress.evenness_control),
        (2, 2, windows, progress.discovery, "new cells per ns", progress.discovery_control),
    )
    for row, column, x, band, label, control in curves:
        shape = "hvh" if (row, column) == (2, 2) else "linear"
        told = (row, column) == (1, 1)
        traces = band_traces(x, band, "campaign, 95% interval", COLOURS["cg"], shape=shape)
        figure.add_traces(_in_legend(traces, told), row, column)
        if control is not None:
            times, other = (control.time, control.cells) if isinstance(control, Control) else (x, control)
            traces = band_traces(
                times, other, "control: unsteered simulations", COLOURS["control"], "--", shape=shape
            )
            figure.add_traces(_in_legend(traces, told), row, column)
        _label(figure, row, column, "aggregate CG time (ns)", label)
    return figure.update_layout(legend={"orientation": "h", "y": -0.1}).update_yaxes(rangemode="tozero")


def _in_legend(traces: list[Scatter], told: bool) -> list[Scatter]:
    """The curve with or without its line in the legend; its interval, which comes first, has none."""
    traces[-1].update(showlegend=told)
    return traces


def _free_energy(surfaces: Surfaces) -> Figure:
    size = f"effective sample size {rounded(surfaces.cg.effective)}"
    titles = [f"CG frames, {size}", "Standard error"]
    if surfaces.aa is not None:
        titles.append(f"AA frames, weighted, effective sample size {rounded(surfaces.aa.effective)}")
    figure = _subplots(1, len(titles), titles, 520, horizontal_spacing=0.16)
    figure.add_trace(surface(surfaces.cg, "coloraxis"), 1, 1)
    if surfaces.cg.error.count():
        figure.add_trace(surface(surfaces.cg, "coloraxis2", error=True), 1, 2)
    else:
        figure.add_annotation(
            text="too few simulations", showarrow=False, x=0.5, y=0.5, xref="x2 domain", yref="y2 domain"
        )
    if surfaces.aa is not None:
        figure.add_trace(surface(surfaces.aa, "coloraxis3"), 1, 3)
    names = ("-ln density (kT)", "standard error (kT)", "-ln density (kT)")
    for i, name in enumerate(names[: len(titles)]):
        _label(figure, 1, i + 1, *surfaces.labels)
        right = figure.get_subplot(1, i + 1).xaxis.domain[1]
        bar = {"title": {"text": name, "side": "right"}, "x": right, "thickness": 12}
        scale = "cividis_r" if i == 1 else "viridis"
        figure.update_layout(
            {f"coloraxis{i + 1 if i else ''}": {"colorscale": scale, "colorbar": bar, "cmin": 0}}
        )
    return figure


def _states(analysis: Analysis) -> Figure:
    states = analysis.states
    columns = min(3, len(states))
    rows = -(-len(states) // columns)
    figure = _subplots(rows, columns, [f"{state.name}: {state.ranges}" for state in states], 460 * rows)
    for i, state in enumerate(states):
        row, column = i // columns + 1, i % columns + 1
        for name, wait, colour, style in (
            ("unsteered", state.unsteered, "control", "--"),
            ("steered", state.steered, "cg", "-"),
        ):
            if wait is not None:
                label = f"{state.name}, {name}: {told_wait(wait)}"
                traces = band_traces(wait.time, wait.visited, label, COLOURS[colour], style, shape="hv")
                figure.add_traces(traces, row, column)
        _label(figure, row, column, "time since the start of a simulation (ns)", "share that has visited")
    return figure.update_layout(legend={"orientation": "h", "y": -0.2}).update_yaxes(range=[-0.03, 1.03])


def _markov(analysis: Analysis) -> Figure:
    model, energy = analysis.markov, analysis.equilibrium
    if model is None:
        raise ValueError("There is no Markov model to draw.")
    titles = ["Implied timescales: posterior median, 95% interval"]
    if energy is not None and not model.warnings:
        titles.append(f"Frames as the model weighs them, lag {model.lag:.3g} ns")
    figure = _subplots(1, len(titles), titles, 560)
    names = (("slowest", "cg", "-"), ("second", "aa", "--"), ("third", "control", ":"))
    for i, (name, colour, style) in enumerate(names[: model.timescales.shape[1]]):
        most = model.timescales[:, i]
        resolved = most >= model.lags
        band = Band(most, *(np.where(resolved, side[:, i], np.nan) for side in (model.low, model.high)))
        if np.isfinite(band.estimate).any():
            figure.add_traces(band_traces(model.lags, band, name, COLOURS[colour], style), 1, 1)
    figure.add_traces([line(model.lags, model.lags, "lag time", "#999999", ":")], 1, 1)
    _label(figure, 1, 1, "lag time (ns)", "implied timescale (ns)")
    logarithmic = {"type": "log", "exponentformat": "power", "row": 1, "col": 1}
    figure.update_xaxes(**logarithmic).update_yaxes(**logarithmic)
    if energy is not None and len(titles) > 1:
        figure.add_trace(surface(energy, "coloraxis"), 1, 2)
        _label(figure, 1, 2, *analysis.view.labels)
        bar = {"title": {"text": "-ln density (kT)", "side": "right"}, "thickness": 12}
        figure.update_layout(coloraxis={"colorscale": "viridis", "colorbar": bar, "cmin": 0})
        figure.update_layout(legend={"orientation": "h", "y": -0.15})
    return figure


def _learning(analysis: Analysis) -> Figure:
    from plotly.graph_objects import Bar, Scatter

    titles = ["Novelty of what was selected", "Refinements", "Reconstruction error by model version", "Drift"]
    figure = _subplots(2, 2, titles, 850)
    values, subject = analysis.novelty, analysis.selected.subject
    figure.add_traces(
        [
            line(values.position, values.farthest, "farthest frame known", "#555555", ":"),
            line(values.position, values.typical, "median frame known", "#555555", "--"),
            Scatter(
                x=values.position, y=values.chosen, mode="markers", name="selected",
                text=[escaped(subject[i]) for i in values.position], marker={"color": COLOURS["aa"], "size": 8},
            ),
        ], 1, 1,
    )  # fmt: skip
    _label(figure, 1, 1, "selection, in the order of decisions", "latent distance")
    outcomes = analysis.outcomes
    bars = {"accepted": outcomes.accepted, "rejected": outcomes.rejected}
    bars |= {f"rejected: {reason}": count for reason, count in outcomes.reasons.items()}
    bars |= {"failed": outcomes.failed, "open": outcomes.open}
    names = [escaped(name) for name in bars]
    count = Bar(x=list(bars.values()), y=names, orientation="h", marker_color=COLOURS["aa"], showlegend=False)
    figure.add_trace(count, 1, 2)
    figure.update_yaxes(autorange="reversed", row=1, col=2)
    _label(figure, 1, 2, "refinements", "")
    history = analysis.models
    figure.add_traces(
        [
            line(history.version, history.training, "training frames", COLOURS["cg"], markers=True),
            line(history.version, history.validation, "held-out frames", COLOURS["aa"], "--", markers=True),
        ], 2, 1,
    )  # fmt: skip
    _label(figure, 2, 1, "model version", "mean squared decode error")
    for level, (edges, mean) in analysis.drift.items():
        if len(mean):
            middles = (edges[:-1] + edges[1:]) / 2
            figure.add_trace(
                line(middles, mean, f"{level.upper()} frames", COLOURS[level], markers=True), 2, 2
            )
    _label(figure, 2, 2, "frames, in the order of arrival", "mean squared decode error")
    return figure


def _operations(analysis: Analysis) -> Figure:
    from plotly.graph_objects import Bar

    titles = [
        "Frame latency",
        "Frame latency of all frames",
        "Jobs by worker and slot",
        "Throughput by worker",
    ]
    figure = _subplots(2, 2, titles, 850)
    latency = analysis.latency
    for seconds, name, colour in ((latency.p50s, "median", "cg"), (latency.p99s, "99th percentile", "aa")):
        figure.add_trace(line(latency.time / 60, seconds, name, COLOURS[colour], markers=True), 1, 1)
    _label(figure, 1, 1, "time since the first frame (min)", "published to received (s)")
    ordered = np.sort(latency.seconds)
    share = np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    figure.add_trace(line(ordered, share, "share of frames", COLOURS["cg"]), 1, 2)
    _label(figure, 1, 2, "published to received (s)", "share of frames")
    for kind, (name, colour) in KINDS.items():
        chosen = [span for span in analysis.spans if span.kind == kind]
        jobs = Bar(
            y=[escaped(f"{s.worker}, {s.lane + 1}") for s in chosen],
            x=[(s.stop - s.start) / 60 for s in chosen],
            base=[s.start / 60 for s in chosen],
            text=[escaped(s.key) for s in chosen],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
            orientation="h", name=name, marker_color=COLOURS[colour],
        )  # fmt: skip
        figure.add_trace(jobs, 2, 1)
    _label(figure, 2, 1, "time since the first job (min)", "")
    for level in ("cg", "aa"):
        rates = Bar(
            y=[escaped(s.worker) for s in analysis.shares], x=[s.per_day(level) for s in analysis.shares],
            orientation="h", name=f"{level.upper()} throughput", marker_color=COLOURS[level], offsetgroup=level,
        )  # fmt: skip
        figure.add_trace(rates, 2, 2)
    _label(figure, 2, 2, "simulated ns per day of wall time", "")
    figure.update_xaxes(type="log", row=2, col=2)
    return figure.update_layout(barmode="overlay")
