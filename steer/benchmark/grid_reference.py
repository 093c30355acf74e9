"""The truth where it is known as a density on a grid over two coordinates, some of which may go round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from steer.benchmark.metric import Metric
from steer.benchmark.reference import CELLS, REACHABLE

__all__ = ["GridReference"]


class GridReference:
    """A `Reference` whose cells are groups of neighbouring bins, so that their probabilities are exact sums.

    Parameters
    ----------
    bounds : sequence of (float, float)
        Lowest and highest of each coordinate.
    density : ndarray, shape (b, c)
        True probability of each bin, first along the first coordinate.
    metric : Metric

    Attributes
    ----------
    density : ndarray, shape (CELLS,)
    region : ndarray, shape (n, 2)
        Middles of the bins that should be visited: those within `REACHABLE` kT of the most probable.
    metric : Metric
    """

    def __init__(
        self, bounds: Sequence[tuple[float, float]], density: NDArray[np.float64], metric: Metric
    ) -> None:
        self.metric = metric
        self._low, high = np.array(bounds).T
        self._shape = density.shape
        self._width = (high - self._low) / self._shape
        middles = self._low + (np.indices(self._shape).reshape(2, -1).T + 0.5) * self._width
        weights = density.ravel()
        seen = weights > 0
        clusters = KMeans(CELLS, random_state=0, n_init=3).fit(
            _unrolled(middles[seen], metric), sample_weight=weights[seen]
        )
        self._cells = np.asarray(clusters.predict(_unrolled(middles, metric)), np.int64)
        self.density = np.bincount(self._cells, weights, minlength=CELLS) / weights.sum()
        self.region = middles[weights >= weights.max() * np.exp(-REACHABLE)]

    def cell(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Cell of the bin in which each point (n, 2) lies, or of the nearest where it lies in none; shape (n,)."""
        places = np.floor((np.asarray(points, np.float64) - self._low) / self._width).astype(np.int64)
        first, second = np.clip(places, 0, np.array(self._shape) - 1).T
        return np.asarray(self._cells[first * self._shape[1] + second], np.int64)


def _unrolled(points: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """Coordinates that go round as circles of the same length: nearby points stay as near as they are."""
    columns: list[NDArray[np.float64]] = []
    for values, scale, period in zip(points.T, metric.scales, metric.periods, strict=True):
        if period is None:
            columns.append(values / scale)
            continue
        radius, angle = period / scale / (2 * np.pi), 2 * np.pi * values / period
        columns += [radius * np.cos(angle), radius * np.sin(angle)]
    return np.stack(columns, axis=1)
