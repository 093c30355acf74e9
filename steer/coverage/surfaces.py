"""Free-energy surfaces of a campaign over any two axes, of its CG frames and of its refinements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.axes import Axis
from steer.coverage.families import families_of, founders
from steer.coverage.free_energy import FreeEnergy, free_energy, representative_weights, surface_edges
from steer.coverage.resampling import MIN_SIMULATIONS, family_halves

if TYPE_CHECKING:
    from steer.coverage.data import CoverageData

__all__ = ["MIN_FRAMES_IN_BIN", "Surfaces", "edges_over", "surfaces_over"]

MIN_FRAMES_IN_BIN = 3
"""CG frames that a bin must hold to have an energy."""
HALVES = 100
Edges = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Surfaces:
    """Free energy over two axes.

    Attributes
    ----------
    name : str
        Of its figure: ``free_energy``, or ``free_energy_`` and the names of the axes.
    labels : tuple of str
        Of the axes, with units.
    cg : FreeEnergy
        Of the CG frames.
    aa : FreeEnergy or None
        Of the AA frames, each refinement weighing as many CG frames as lie nearest to where it was promoted.
    """

    name: str
    labels: tuple[str, str]
    cg: FreeEnergy
    aa: FreeEnergy | None


def surfaces_over(
    data: CoverageData, name: str, axes: Sequence[Axis], seed: int = 0, labels: tuple[str, str] | None = None
) -> Surfaces | None:
    """Free energies over two axes.

    Parameters
    ----------
    data : CoverageData
    name : str
        Of the figure.
    axes : sequence of Axis
        Two of them.
    seed : int
        Of resampling.
    labels : tuple of str, optional
        Instead of the axes' own.

    Returns
    -------
    Surfaces or None
        None with fewer than two CG frames.
    """
    if data.cg.sum() < 2:
        return None
    points = np.column_stack([axis.values for axis in axes])
    names = labels or (axes[0].label, axes[1].label)
    return Surfaces(name, names, _coarse(data, points, axes, seed), _refined(data, points, axes))


def edges_over(points: NDArray[np.floating], axes: Sequence[Axis], frames: int) -> Edges:
    """Bins as fine as so many frames allow, over the range of all frames or, of an angle, all round."""
    bins = int(np.clip(np.sqrt(frames) / 1.6, 12, 60))
    edges = surface_edges(points, bins)
    turned = [
        edge if axis.period is None else np.linspace(-axis.period / 2, axis.period / 2, bins + 1)
        for edge, axis in zip(edges, axes, strict=True)
    ]
    return turned[0], turned[1]


def _coarse(data: CoverageData, points: NDArray[np.float64], axes: Sequence[Axis], seed: int) -> FreeEnergy:
    chosen = points[data.cg]
    numbers, first, index = np.unique(data.number[data.cg], return_index=True, return_inverse=True)
    founder = founders(data.seeds, data.simulations.values(), data.promotions)
    family = np.unique(families_of(numbers, founder), return_inverse=True)[1].reshape(-1)
    halves = None
    if family.max() + 1 >= MIN_SIMULATIONS:
        halves = family_halves(family, ~data.steered()[data.cg][first], HALVES, seed)
    edges = edges_over(points, axes, len(chosen))
    weights = np.ones(len(chosen))
    return free_energy(
        chosen,
        weights,
        index.reshape(-1),
        edges,
        min_frames=MIN_FRAMES_IN_BIN,
        halves=halves,
        family=family,
    )


def _refined(data: CoverageData, points: NDArray[np.float64], axes: Sequence[Axis]) -> FreeEnergy | None:
    """Frames of a refinement share the weight of the place that it was promoted for."""
    simulated = set(np.unique(data.number[data.aa]).tolist())
    accepted = [
        (int(p.simulation[3:]), p.frame_row)
        for p in data.promotions
        if data.simulations[p.simulation].state == "done" and p.frame_row < len(points)
    ]
    accepted = [(number, row) for number, row in accepted if number in simulated]
    if not accepted or not data.cg.any():
        return None
    numbers, rows = (np.array(column) for column in zip(*accepted, strict=True))
    weight = representative_weights(data.points[rows], data.points[data.cg])
    chosen = data.aa & np.isin(data.number, numbers)
    order = np.argsort(numbers)
    index = order[np.searchsorted(numbers[order], data.number[chosen])]
    frames = np.bincount(index, minlength=len(numbers))
    edges = edges_over(points, axes, int(chosen.sum()))
    return free_energy(points[chosen], weight[index] / frames[index], index, edges)
