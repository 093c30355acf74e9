"""Everything the coverage pictures show, computed once from a campaign's data; drawing adds nothing to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steer.coverage.axes import Axis, axis_of
from steer.coverage.cells import CellCounter
from steer.coverage.data import CoverageData
from steer.coverage.families import families_of, founders
from steer.coverage.free_energy import FreeEnergy, free_energy
from steer.coverage.latency import Latency, frame_latency
from steer.coverage.learning import ModelHistory, decode_errors_by_block, model_history
from steer.coverage.lineage import LineageNode, lineage
from steer.coverage.markov import MarkovModel, markov_model
from steer.coverage.measures import Growth, View, coverage_growth, two_dimensional_view
from steer.coverage.novelty import Novelty, novelty
from steer.coverage.progress import Progress, measure_progress
from steer.coverage.refinements import Outcomes, refinement_outcomes
from steer.coverage.selected import Selected, selected_configurations
from steer.coverage.states import StateVisits, first_visits
from steer.coverage.surfaces import MIN_FRAMES_IN_BIN, Surfaces, edges_over, surfaces_over
from steer.coverage.workers import Span, WorkerShare, job_spans, worker_shares

__all__ = ["Analysis", "analyse"]

FRAMES_AT_MOST = 20_000


@dataclass(frozen=True)
class Analysis:
    """What there is to draw.

    Attributes
    ----------
    view : View
    growth : Growth
    own_growth : Growth
        Of the unsteered simulations alone, at their own aggregate time.
    progress : Progress or None
        None with fewer than two CG frames.
    nodes : list of LineageNode
    surfaces : list of Surfaces
        Over the view first, then over each pair of axes that was asked for; empty with fewer than two CG frames.
    markov : MarkovModel or None
        None where no simulation has three CG frames in a row.
    equilibrium : FreeEnergy or None
        Over the view, of the CG frames as the Markov model weighs them.
    states : list of StateVisits
    selected : Selected
    novelty : Novelty
    models : ModelHistory
    drift : dict of str to (ndarray, ndarray)
        By level: edges (rows) and mean decode error of successive blocks of frames.
    outcomes : Outcomes
    latency : Latency
    spans : list of Span
    shares : list of WorkerShare
    """

    view: View
    growth: Growth
    own_growth: Growth
    progress: Progress | None
    nodes: list[LineageNode]
    surfaces: list[Surfaces]
    markov: MarkovModel | None
    equilibrium: FreeEnergy | None
    states: list[StateVisits]
    selected: Selected
    novelty: Novelty
    models: ModelHistory
    drift: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    outcomes: Outcomes
    latency: Latency
    spans: list[Span]
    shares: list[WorkerShare]


def analyse(data: CoverageData, pairs: Sequence[tuple[str, str]] = (), seed: int = 0) -> Analysis:
    """Compute everything.

    Parameters
    ----------
    data : CoverageData
    pairs : sequence of (str, str)
        Names of axes to tell free energies over, beside those over the latent space.
    seed : int
        Of resampling, clustering and sampling.

    Raises
    ------
    ConfigError
        When there is no axis of a name.
    """
    view = two_dimensional_view(data.points)
    reference = data.points[: data.trained]
    coarse, free = data.points[data.cg], ~data.steered()[data.cg]
    selected = selected_configurations(data)
    spans = job_spans(data.jobs)
    model = _markov(data, seed)
    return Analysis(
        view=view,
        growth=coverage_growth(coarse, data.frame_interval, reference),
        own_growth=coverage_growth(coarse[free], data.frame_interval, reference),
        progress=_progress(data, free, reference, seed),
        nodes=lineage(data.seeds, list(data.simulations.values()), data.promotions),
        surfaces=_surfaces(data, view, pairs, seed),
        markov=model,
        equilibrium=_reweighted(data, view, model),
        states=[first_visits(data, state, seed) for state in data.states],
        selected=selected,
        novelty=_novelty(selected, coarse),
        models=model_history(data.models),
        drift={level: _drift(data, rows) for level, rows in (("cg", data.cg), ("aa", data.aa))},
        outcomes=refinement_outcomes(data.simulations.values()),
        latency=frame_latency(data.published, data.received),
        spans=spans,
        shares=worker_shares(spans, _simulated(data)),
    )


def _progress(
    data: CoverageData, free: NDArray[np.bool_], reference: NDArray[np.float32], seed: int
) -> Progress | None:
    if data.cg.sum() < 2:
        return None
    founder = founders(data.seeds, data.simulations.values(), data.promotions)
    family = families_of(data.number[data.cg], founder)
    width = np.broadcast_to(CellCounter.scaled_to(reference).width, data.points.shape[1:])
    return measure_progress(
        data.points[data.cg], data.number[data.cg], free, data.frame_interval, width, seed, family
    )


def _surfaces(data: CoverageData, view: View, pairs: Sequence[tuple[str, str]], seed: int) -> list[Surfaces]:
    """Over the view of the latent space, then over each pair of axes that was asked for."""
    shown = view(data.points).T
    latent = [Axis(label, "", values) for label, values in zip(view.labels, shown, strict=True)]
    surfaces = [surfaces_over(data, "free_energy", latent, seed, view.labels)]
    for names in pairs:
        axes = [axis_of(data, name) for name in names]
        surfaces.append(surfaces_over(data, f"free_energy_{names[0]}_{names[1]}", axes, seed))
    return [each for each in surfaces if each is not None]


def _markov(data: CoverageData, seed: int) -> MarkovModel | None:
    coarse = [s for s in data.simulations.values() if s.level == "cg"]
    return markov_model(
        data.points[data.cg],
        data.number[data.cg],
        data.step[data.cg],
        data.frame_interval,
        steered=sum(s.steered for s in coarse),
        force_fields=len({s.force_field for s in coarse}),
        seed=seed,
    )


def _reweighted(data: CoverageData, view: View, model: MarkovModel | None) -> FreeEnergy | None:
    if model is None or not model.weights.any():
        return None
    inside = model.weights > 0
    points = view(data.points)
    latent = [Axis(label, "", values) for label, values in zip(view.labels, points.T, strict=True)]
    edges = edges_over(points, latent, int(inside.sum()))
    index = np.unique(data.number[data.cg][inside], return_inverse=True)[1].reshape(-1)
    return free_energy(
        points[data.cg][inside], model.weights[inside], index, edges, min_frames=MIN_FRAMES_IN_BIN
    )


def _novelty(selected: Selected, coarse: NDArray[np.float32]) -> Novelty:
    """Against an even thinning of the frames, so that ten million of them cost no more."""
    thin = np.unique(np.linspace(0, len(coarse) - 1, min(len(coarse), FRAMES_AT_MOST)).astype(np.int64))
    return novelty(selected.points, np.searchsorted(thin, selected.known), coarse[thin])


def _drift(data: CoverageData, rows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    where = np.flatnonzero(rows)
    edges, mean = decode_errors_by_block(data.errors[where], int(np.clip(len(where) // 20, 1, 30)))
    return np.append(where, len(rows))[edges] if len(where) else edges, mean


def _simulated(data: CoverageData) -> dict[str, float]:
    amount = {}
    for level, rows, interval in (
        ("cg", data.cg, data.frame_interval),
        ("aa", data.aa, data.aa_frame_interval),
    ):
        numbers, counts = np.unique(data.number[rows], return_counts=True)
        for number, count in zip(numbers, counts, strict=True):
            amount[f"{level}-{number:06d}"] = float(count) * interval * 1e-3
    return amount
