"""DynIm's measure of novelty, with picks that know of each other.

The rank is that of `steer.selection.dynim`, the mean distance to the ten nearest selected points, but every pick
counts as selected for the next one of the same batch. While fewer than ten are selected, the mean is over those.
"""

from __future__ import annotations

import numpy as np

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.nearest_selected import NEIGHBOURS, NearestSelected
from steer.selection.protocol import Picks, Pool

__all__ = ["DynImBatch"]


class DynImBatch:
    """Mean distance to the ten nearest selected points, the picks of this batch included.

    Attributes
    ----------
    neighbours : int
        Selected points that count for a candidate.
    """

    name = "dynim_batch"
    neighbours = NEIGHBOURS

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, start far from the mean."""
        cloud, caps = PointCloud(pool.points), Caps(pool)
        nearest = NearestSelected(pool.points, pool.selected, self.neighbours)
        rank = nearest.mean if len(pool.selected) else np.sqrt(cloud.squared_to(cloud.mean))
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count and caps.open.any():
            pick = int(np.argmax(np.where(caps.open, rank, -np.inf)))
            indices.append(pick)
            scores.append(float(rank[pick]))
            caps.take(pick)
            nearest.add(np.sqrt(cloud.squared_to(pool.points[pick])))
            rank = nearest.mean
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))
