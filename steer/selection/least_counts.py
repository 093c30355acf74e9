"""Least counts: one frame from each of the least visited cells (Weber and Pande, J. Chem. Theory Comput. 7, 3405, 2011).

The cells are those of k-centres clustering, as in MSMBuilder: each centre is the frame farthest from the centres
before it, each frame belongs to its nearest centre. No cell gives a second frame before every cell has given one.
"""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from steer.selection.distances import PointCloud
from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import earlier_equals, take_in_order

__all__ = ["LeastCounts"]


class LeastCounts:
    """Cells by the number of their frames. The score of a pick is one over that number."""

    name = "least_counts"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; of a cell's frames one is drawn uniformly."""
        cell = cells(np.concatenate([pool.points, pool.selected]), max(2 * count, isqrt(len(pool))))
        visits = np.bincount(cell)[cell[: len(pool)]]
        shuffled = rng.permutation(np.flatnonzero(pool.room > 0))
        turn = earlier_equals(cell[shuffled])
        order = shuffled[np.lexsort((visits[shuffled], turn))]
        rows = take_in_order(order, count, pool)
        return Picks(rows, 1 / visits[rows])


def cells(points: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """The cell of each point, of at most `count` k-centres cells.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least one.
    count : int
        Fewer come when fewer points are distinct.

    Returns
    -------
    ndarray, shape (n,), int64
    """
    cloud = PointCloud(points)
    cell = np.zeros(len(points), dtype=np.int64)
    squared = np.full(len(points), np.inf, dtype=np.float32)
    centre = int(np.argmax(cloud.squared_to(cloud.mean)))
    for number in range(count):
        cell[cloud.lower(squared, points[centre])] = number
        centre = int(np.argmax(squared))
        if squared[centre] == 0:
            break
    return cell
