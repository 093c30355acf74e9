"""Covering radius: how far the farthest place is from what has been seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["covering_radius", "evenly_spread", "other_distances"]


def covering_radius(points: NDArray[np.floating], region: NDArray[np.floating]) -> float:
    """Largest distance from a place of the region to its nearest point.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        What has been seen.
    region : ndarray, shape (m, d)
        Places to be covered.
    """
    from scipy.spatial import cKDTree

    return float(cKDTree(points).query(region)[0].max())


def evenly_spread(points: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Rows of points that cover the others: greedy farthest point, from the one nearest to the mean (Gonzalez 1985).

    Returns
    -------
    ndarray, shape (min(count, n),), int
    """
    row = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    nearest = np.full(len(points), np.inf)
    rows = []
    for _ in range(min(count, len(points))):
        rows.append(row)
        np.minimum(nearest, ((points - points[row]) ** 2).sum(axis=1), out=nearest)
        row = int(nearest.argmax())
    return np.array(rows)


def other_distances(
    points: NDArray[np.floating], simulation: NDArray[np.integer], places: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Distance from each place to each frame of *other* simulations; infinite to those of its own.

    A place is trivially covered by the simulation that found it. How far the others stayed away says whether the
    exploration repeats itself: the covering radius over these distances falls only where places are found again.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    simulation : ndarray, shape (n,), int
    places : ndarray, shape (m,), int
        Rows of `points`.

    Returns
    -------
    ndarray, shape (m, n)
    """
    from scipy.spatial.distance import cdist

    distance = cdist(points[places], points)
    distance[simulation[places][:, None] == simulation[None, :]] = np.inf
    return distance
