"""The numbers behind the figures, as rows of CSV tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from steer.coverage.analysis import Analysis
from steer.coverage.data import CoverageData

__all__ = ["TABLES", "Rows"]

Rows = Iterable[Sequence[object]]


def _number(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""


def _latent(data: CoverageData, analysis: Analysis) -> Rows:
    d = data.points.shape[1]
    latents = [f"latent_{i + 1}" for i in range(d)]
    first = ["level", "simulation", "step", "time_ps", "generation", "steered"]
    yield [*first, *latents, "view_1", "view_2", *data.axes]
    measured = np.column_stack(
        [np.empty((len(data.points), 0)), *(axis.values for axis in data.axes.values())]
    )
    levels = np.where(data.cg, "cg", np.where(data.aa, "aa", ""))
    for level, number, step, time, generation, steered, point, shown, values in zip(
        levels, data.number, data.step, data.time, data.generation(), data.steered(), data.points,
        analysis.view(data.points), measured, strict=True,
    ):  # fmt: skip
        if level:
            told = [f"{value:.6g}" for value in (*point, *shown, *values)]
            yield [level, f"{level}-{number:06d}", step, f"{time:.6g}", generation, int(steered), *told]


def _coverage(data: CoverageData, analysis: Analysis) -> Rows:
    yield ["curve", "aggregate_time_ns", "occupied_cells"]
    for name, growth in (("all", analysis.growth), ("unsteered", analysis.own_growth)):
        for time, cells in zip(growth.time, growth.cells, strict=True):
            yield [name, f"{time:.6g}", cells]


def _lineage(data: CoverageData, analysis: Analysis) -> Rows:
    yield ["id", "kind", "parent", "depth"]
    for node in analysis.nodes:
        yield [node.id, node.kind, node.parent or "", node.depth]


def _measures(data: CoverageData, analysis: Analysis) -> Rows:
    """Long format: intervals are of 95%, and empty where there are too few simulations."""
    yield ["measure", "aggregate_time_ns", "value", "low", "high"]
    progress = analysis.progress
    if progress is None:
        return
    middles = (progress.windows[:-1] + progress.windows[1:]) / 2
    curves = [
        ("occupied_cells", progress.time, progress.cells),
        ("ball_volume", progress.time, progress.volume),
        ("covering_radius", progress.time, progress.covering_radius),
        ("evenness", progress.time, progress.evenness),
        ("new_cells_per_ns", middles, progress.discovery),
    ]
    for name, control in (
        ("control_cells", progress.control),
        ("control_ball_volume", progress.volume_control),
        ("control_covering_radius", progress.covering_control),
        ("control_evenness", progress.evenness_control),
    ):
        if control is not None:
            curves.append((name, control.time, control.cells))
    if progress.discovery_control is not None:
        curves.append(("control_new_cells_per_ns", middles, progress.discovery_control))
    for name, times, band in curves:
        for row in zip(times, band.estimate, band.low, band.high, strict=True):
            yield [name, *map(_number, row)]
    gain = progress.gain
    yield ["gain_of_steering", *map(_number, (gain.time, gain.ratio, gain.low, gain.high))]


def _free_energy(data: CoverageData, analysis: Analysis) -> Rows:
    """Long format: every surface, bin by bin; what is masked is left out."""
    yield ["figure", "frames", "x_axis", "y_axis", "x", "y", "energy_kT", "error_kT", "effective_sample_size"]
    found = [(each.name, kind, each.labels, s) for each in analysis.surfaces
             for kind, s in (("cg", each.cg), ("aa_weighted", each.aa)) if s is not None]  # fmt: skip
    if analysis.equilibrium is not None:
        found.append(("markov", "cg_reweighted", analysis.view.labels, analysis.equilibrium))
    for figure, kind, labels, surface in found:
        x, y = ((edges[:-1] + edges[1:]) / 2 for edges in (surface.x, surface.y))
        energy, error = surface.energy.filled(np.nan), surface.error.filled(np.nan)
        for i, j in np.argwhere(np.isfinite(energy)):
            values = (x[i], y[j], energy[i, j], error[i, j], surface.effective)
            yield [figure, kind, *labels, *map(_number, values)]


def _states(data: CoverageData, analysis: Analysis) -> Rows:
    """One row for each state and group of simulations; an empty mean wait means that nobody came."""
    yield [
        "state", "ranges", "cg_frames", "first_visit_ns", "first_by", "refinements", "began_there", "group",
        "simulations", "visits", "families", "waited_ns", "mean_wait_ns", "low_ns", "high_ns",
    ]  # fmt: skip
    for state in analysis.states:
        seen = [state.name, state.ranges, state.frames, _number(state.first), state.first_by]
        for group, wait in (("steered", state.steered), ("unsteered", state.unsteered)):
            if wait is not None:
                yield [
                    *seen, state.refinements, state.began, group, wait.simulations, wait.visits, wait.families,
                    *map(_number, (wait.waited, wait.mean, wait.low, wait.high)),
                ]  # fmt: skip


def _markov(data: CoverageData, analysis: Analysis) -> Rows:
    yield ["lag_ns", "process", "timescale_ns", "low_ns", "high_ns"]
    if analysis.markov is None:
        return
    model = analysis.markov
    for lag, *rows in zip(model.lags, model.timescales, model.low, model.high, strict=True):
        for i, values in enumerate(zip(*rows, strict=True)):
            if np.isfinite(values[0]):
                yield [_number(lag), i + 1, *map(_number, values)]


def _novelty(data: CoverageData, analysis: Analysis) -> Rows:
    yield ["selection", "simulation", "purpose", "frames_known", "novelty", "median_known", "farthest_known"]
    values, selected = analysis.novelty, analysis.selected
    for i, *distances in zip(values.position, values.chosen, values.typical, values.farthest, strict=True):
        yield [i, selected.subject[i], selected.purpose[i], selected.known[i], *map(_number, distances)]


def _models(data: CoverageData, analysis: Analysis) -> Rows:
    yield [
        "version",
        "frames",
        "training_error",
        "held_out_error",
        "explained_variance",
        "alignment_mismatch",
    ]
    history = analysis.models
    for version, frames, *values in zip(
        history.version, history.frames, history.training, history.validation, history.explained,
        history.agreement, strict=True,
    ):  # fmt: skip
        yield [version, frames, *map(_number, values)]


def _refinements(data: CoverageData, analysis: Analysis) -> Rows:
    outcomes = analysis.outcomes
    yield ["outcome", "count"]
    yield ["accepted", outcomes.accepted]
    yield ["rejected", outcomes.rejected]
    for reason, count in outcomes.reasons.items():
        yield [f"rejected: {reason}", count]
    yield ["failed", outcomes.failed]
    yield ["open", outcomes.open]


def _latency(data: CoverageData, analysis: Analysis) -> Rows:
    latency = analysis.latency
    yield ["seconds_since_first_frame", "p50_s", "p99_s"]
    yield ["all", _number(latency.p50), _number(latency.p99)]
    for row in zip(latency.time, latency.p50s, latency.p99s, strict=True):
        yield [*map(_number, row)]


def _workers(data: CoverageData, analysis: Analysis) -> Rows:
    kinds = sorted({kind for share in analysis.shares for kind in share.jobs})
    yield [
        "worker",
        *(f"{kind}_jobs" for kind in kinds),
        "failed",
        "job_hours",
        "span_hours",
        "cg_ns",
        "aa_ns",
    ]
    for share in analysis.shares:
        values = (share.busy, share.span, share.cg, share.aa)
        yield [share.worker, *(share.jobs.get(k, 0) for k in kinds), share.failed, *map(_number, values)]


TABLES: dict[str, Callable[[CoverageData, Analysis], Rows]] = {
    "latent": _latent,
    "coverage": _coverage,
    "lineage": _lineage,
    "measures": _measures,
    "free_energy": _free_energy,
    "states": _states,
    "markov": _markov,
    "novelty": _novelty,
    "models": _models,
    "refinements": _refinements,
    "latency": _latency,
    "workers": _workers,
}
"""What writes each table, by the name of its file."""
