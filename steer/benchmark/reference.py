"""The truth of a landscape as weighted points, whatever its dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.cluster import MiniBatchKMeans

from sims.landscapes import Landscape, ManyFunnels
from sims.landscapes.protocol import BOLTZMANN

__all__ = ["Reference", "reference"]

CELLS = 100
"""Cells over which a sampled density is compared with the true one."""

REACHABLE = 8.0
"""kT above the lowest energy up to which a place of a plane should be visited; its covering radius is told."""

GRID = 200
"""Points along each axis of a plane."""

SAMPLES = 20_000
"""Exact samples where there are more than two dimensions."""


@dataclass(frozen=True)
class Reference:
    """What should be found.

    Attributes
    ----------
    centres : ndarray, shape (CELLS, d)
        Centres of Voronoi cells.
    density : ndarray, shape (CELLS,)
        True probability of each cell.
    region : ndarray, shape (n, d)
        Places that should be visited.
    """

    centres: NDArray[np.float64]
    density: NDArray[np.float64]
    region: NDArray[np.float64]

    def cell(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Cell of each point (n, d); shape (n,)."""
        return np.asarray(cKDTree(self.centres).query(points)[1], np.int64)


def reference(landscape: Landscape, temperature: float) -> Reference:
    """Boltzmann weights on a grid for a plane; exact samples for many funnels.

    Parameters
    ----------
    landscape : Landscape
    temperature : float
        K.
    """
    if isinstance(landscape, ManyFunnels):
        points = landscape.sample(SAMPLES, np.random.default_rng(0))
        weights = np.ones(len(points))
        region = points[: SAMPLES // 10]
    else:
        points, energy = _grid(landscape, temperature)
        weights = np.exp(-energy)
        region = points[energy < REACHABLE]
    clusters = MiniBatchKMeans(CELLS, random_state=0, n_init=3).fit(points, sample_weight=weights)
    density = np.bincount(clusters.predict(points), weights, minlength=CELLS)
    return Reference(clusters.cluster_centers_, density / density.sum(), region)


def _grid(landscape: Landscape, temperature: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and their energies in kT above the lowest."""
    axes = [np.linspace(low, high, GRID) for low, high in landscape.bounds]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    energy = landscape.energy(points) / (BOLTZMANN * temperature)
    return points, energy - energy.min()
