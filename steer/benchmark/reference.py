"""The truth as probabilities of small cells, and as the places that should be visited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from steer.benchmark.metric import FLAT, Metric

__all__ = ["CELLS", "REACHABLE", "Reference", "VoronoiReference"]

CELLS = 100
"""Cells over which a sampled density is compared with the true one."""

REACHABLE = 8.0
"""kT above the lowest energy up to which a place of a plane should be visited; its covering radius is told."""


class Reference(Protocol):
    """What should be found."""

    @property
    def density(self) -> NDArray[np.float64]:
        """True probability of each cell, shape (CELLS,)."""

    @property
    def region(self) -> NDArray[np.float64]:
        """Places that should be visited, shape (n, d)."""

    @property
    def metric(self) -> Metric:
        """How far places are from each other."""

    def cell(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Cell of each point (n, d); shape (n,)."""


@dataclass(frozen=True)
class VoronoiReference:
    """A `Reference` whose cells are what lies nearest to each of some centres.

    Attributes
    ----------
    centres : ndarray, shape (CELLS, d)
    density : ndarray, shape (CELLS,)
    region : ndarray, shape (n, d)
    metric : Metric
    """

    centres: NDArray[np.float64]
    density: NDArray[np.float64]
    region: NDArray[np.float64]
    metric: Metric = FLAT

    def cell(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """The nearest centre."""
        return self.metric.nearest(self.centres, points)[1]
