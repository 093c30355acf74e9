"""A landscape as a `System` of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from models.protocols import Featurizer
from sims.landscapes import Landscape, ManyFunnels, embed, project, states
from sims.landscapes.beads import WalkerBeads
from sims.landscapes.engine import ToyOptions
from sims.landscapes.flock import Flock
from sims.landscapes.protocol import BOLTZMANN
from steer.benchmark.reference import CELLS, REACHABLE, Reference, VoronoiReference
from steer.jobs.train import featurizer

__all__ = ["LandscapeSystem"]

GRID = 200
"""Points along each axis of a plane."""

SAMPLES = 20_000
"""Exact samples where there are more than two dimensions."""


@dataclass(frozen=True)
class LandscapeSystem:
    """A `System` whose coordinates are those of the landscape.

    Attributes
    ----------
    landscape : Landscape
    options : ToyOptions
        How walkers move.
    """

    landscape: Landscape
    options: ToyOptions

    unit = "nm"

    @property
    def timestep(self) -> float:
        """ps."""
        return self.options.timestep

    @property
    def n_states(self) -> int:
        """One a minimum."""
        return len(self.landscape.minima)

    @property
    def definition(self) -> dict[str, Any]:
        """The landscape's own words."""
        return {"landscape": repr(self.landscape)}

    @cached_property
    def beads(self) -> WalkerBeads:
        """Anchors and walkers at the start."""
        return WalkerBeads(self.landscape)

    @property
    def features(self) -> Featurizer:
        """As a campaign computes them."""
        return featurizer(self.beads.labels)

    def walkers(self, copies: int, seed: int) -> LandscapeWalkers:
        """All in one context."""
        return LandscapeWalkers(self.landscape, Flock(self.landscape, self.options, copies, seed))

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """The minimum in whose core each point is; -1 for none."""
        return states(self.landscape, coordinates)

    def reference(self) -> Reference:
        """Boltzmann weights on a grid for a plane; exact samples for many funnels."""
        if isinstance(self.landscape, ManyFunnels):
            points = self.landscape.sample(SAMPLES, np.random.default_rng(0))
            weights = np.ones(len(points))
            region = points[: SAMPLES // 10]
        else:
            points, energy = _grid(self.landscape, self.options.temperature)
            weights = np.exp(-energy)
            region = points[energy < REACHABLE]
        clusters = MiniBatchKMeans(CELLS, random_state=0, n_init=3).fit(points, sample_weight=weights)
        density = np.bincount(clusters.predict(points), weights, minlength=CELLS)
        return VoronoiReference(clusters.cluster_centers_, density / density.sum(), region)


class LandscapeWalkers:
    """`Walkers` that are points of the landscape, and beads for the coordinator."""

    def __init__(self, landscape: Landscape, flock: Flock) -> None:
        self._landscape, self._flock = landscape, flock

    def walk(
        self, starts: Mapping[int, NDArray[np.floating] | None], steps: int, every: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """From beads to points, and back."""
        points = {
            copy: None if start is None else project(self._landscape, start[None])[0]
            for copy, start in starts.items()
        }
        walks = self._flock.walk(points, steps, every)
        beads = np.array([embed(self._landscape, points) for points in walks])
        return walks, beads


def _grid(landscape: Landscape, temperature: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and their energies in kT above the lowest."""
    axes = [np.linspace(low, high, GRID) for low, high in landscape.bounds]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    energy = landscape.energy(points) / (BOLTZMANN * temperature)
    return points, energy - energy.min()
