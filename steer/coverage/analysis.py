"""Everything the coverage pictures show, computed once from a campaign's data; drawing adds nothing to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steer.coverage.cells import CellCounter
from steer.coverage.data import CoverageData
from steer.coverage.free_energy import FreeEnergy, free_energy, representative_weights, surface_edges
from steer.coverage.latency import Latency, frame_latency
from steer.coverage.learning import ModelHistory, decode_errors_by_block, model_history
from steer.coverage.lineage import LineageNode, lineage
from steer.coverage.measures import Growth, View, coverage_growth, two_dimensional_view
from steer.coverage.novelty import Novelty, novelty
from steer.coverage.progress import Progress, measure_progress
from steer.coverage.refinements import Outcomes, refinement_outcomes
from steer.coverage.resampling import half_samples
from steer.coverage.selected import Selected, selected_configurations
from steer.coverage.workers import Span, WorkerShare, job_spans, worker_shares

__all__ = ["Analysis", "analyse"]

MIN_FRAMES_IN_BIN = 3
HALVES = 100
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
    surface : FreeEnergy or None
        Of the CG frames.
    refined_surface : FreeEnergy or None
        Of the AA frames, each refinement weighing as many CG frames as lie nearest to where it was promoted.
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
    surface: FreeEnergy | None
    refined_surface: FreeEnergy | None
    selected: Selected
    novelty: Novelty
    models: ModelHistory
    drift: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    outcomes: Outcomes
    latency: Latency
    spans: list[Span]
    shares: list[WorkerShare]


def analyse(data: CoverageData, seed: int = 0) -> Analysis:
    """Compute everything.

    Parameters
    ----------
    data : CoverageData
    seed : int
        Of resampling.
    """
    view = two_dimensional_view(data.points)
    reference = data.points[: data.trained]
    coarse, free = data.points[data.cg], ~data.steered()[data.cg]
    selected = selected_configurations(data)
    spans = job_spans(data.jobs)
    return Analysis(
        view=view,
        growth=coverage_growth(coarse, data.frame_interval, reference),
        own_growth=coverage_growth(coarse[free], data.frame_interval, reference),
        progress=_progress(data, free, reference, seed),
        nodes=lineage(data.seeds, list(data.simulations.values()), data.promotions),
        surface=_surface(data, view, seed),
        refined_surface=_refined_surface(data, view),
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
    width = np.broadcast_to(CellCounter.scaled_to(reference).width, data.points.shape[1:])
    return measure_progress(
        data.points[data.cg], data.number[data.cg], free, data.frame_interval, width, seed
    )


def _surface(data: CoverageData, view: View, seed: int) -> FreeEnergy | None:
    points = view(data.points[data.cg])
    if len(points) < 2:
        return None
    numbers, first, index = np.unique(data.number[data.cg], return_index=True, return_inverse=True)
    strata = data.steered()[data.cg][first].astype(np.int64)
    halves = half_samples(strata, HALVES, seed) if len(numbers) >= 4 else None
    edges = _edges(data, view, len(points))
    weights = np.ones(len(points))
    return free_energy(points, weights, index.reshape(-1), edges, min_frames=MIN_FRAMES_IN_BIN, halves=halves)


def _edges(data: CoverageData, view: View, frames: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bins as fine as so many frames allow, over the range of all frames, so that surfaces can be compared."""
    return surface_edges(view(data.points), int(np.clip(np.sqrt(frames) / 1.6, 12, 60)))


def _refined_surface(data: CoverageData, view: View) -> FreeEnergy | None:
    """Frames of a refinement share the weight of the place that it was promoted for."""
    accepted = [
        (int(p.simulation[3:]), p.frame_row)
        for p in data.promotions
        if data.simulations[p.simulation].state == "done" and p.frame_row < len(data.points)
    ]
    simulated = set(np.unique(data.number[data.aa]).tolist())
    accepted = [(number, row) for number, row in accepted if number in simulated]
    if not accepted or not data.cg.any():
        return None
    numbers, rows = (np.array(column) for column in zip(*accepted, strict=True))
    weight = representative_weights(data.points[rows], data.points[data.cg])
    chosen = data.aa & np.isin(data.number, numbers)
    order = np.argsort(numbers)
    index = order[np.searchsorted(numbers[order], data.number[chosen])]
    frames = np.bincount(index, minlength=len(numbers))
    points = view(data.points[chosen])
    edges = _edges(data, view, len(points))
    return free_energy(points, weight[index] / frames[index], index, edges)


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
