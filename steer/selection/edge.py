"""The points of a table that are looked at while picks are made: how far each is, on average, from what is selected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.distances import PointCloud
from steer.selection.nearest_selected import NearestSelected

__all__ = ["Edge"]


class Edge:
    """Rows of a table and their mean distances to the k selected points nearest to them, while more are selected.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        The table.
    centre : ndarray, shape (d,), float64
        Mean of the table.
    neighbours : int
        k.
    """

    def __init__(self, points: NDArray[np.floating], centre: NDArray[np.float64], neighbours: int) -> None:
        self._points, self._centre = points, centre
        self._rows = np.empty(0, np.int64)
        self._nearest = NearestSelected.none(neighbours)
        self._cloud = PointCloud(points[:0], centre)
        self._selected: list[NDArray[np.floating]] = []

    def join(self, rows: NDArray[np.int64], nearest: NearestSelected) -> None:
        """Look at these rows, too, of which the selected points of the beginning are known; `nearest` is changed."""
        cloud = PointCloud(self._points[rows], self._centre)
        for point in self._selected:
            nearest.add(np.sqrt(cloud.squared_to(point)))
        self._rows = np.concatenate([self._rows, rows])
        self._nearest = self._nearest.and_then(nearest)
        self._cloud = PointCloud(self._points[self._rows], self._centre)

    def select(self, point: NDArray[np.floating]) -> None:
        """One more point is selected."""
        self._selected.append(point)
        self._nearest.add(np.sqrt(self._cloud.squared_to(point)))

    def farthest(self, open_: NDArray[np.bool_]) -> tuple[int, float]:
        """Open row of the largest mean, of equals the first, and that mean; -inf when no open row is looked at."""
        means = np.where(open_[self._rows], self._nearest.mean, -np.inf)
        largest = float(means.max(initial=-np.inf))
        rows = self._rows[means == largest]
        return int(rows.min(initial=len(self._points))), largest
