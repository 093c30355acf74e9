"""DynIm's measure of novelty, with picks that know of each other.

The rank is that of `steer.selection.dynim`, the mean distance to the ten nearest selected points, but every pick
counts as selected for the next one of the same batch. While fewer than ten are selected, the mean is over those, and
all candidates are looked at; from then on those at the edge (`steer.selection.mean_bounds`), with the same picks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.mean_bounds import MeanBounds
from steer.selection.nearest_selected import NEIGHBOURS, NearestSelected
from steer.selection.protocol import Picks, Pool

__all__ = ["DynImBatch"]

EDGE = 4
"""Candidates looked at first, for each pick wanted; four times as many whenever these do not settle it."""

LEAST = 128
"""And at least."""


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
        centre = pool.points.mean(axis=0, dtype=np.float64)
        chosen = len(pool.selected) if pool.reach is None else pool.reach.chosen
        if chosen < self.neighbours:
            nearest = NearestSelected(pool.points, pool.selected, self.neighbours)
            return _greedy(pool, PointCloud(pool.points, centre), nearest, count, -np.inf)
        bounds = (
            MeanBounds(self.neighbours) if pool.reach is None else pool.reach.mean_bounds(self.neighbours)
        )
        bounds.extend(pool.points, pool.selected[:chosen])
        picked, wanted, limit = Picks.none(), max(LEAST, EDGE * count), np.inf
        while len(picked.indices) < count and limit > -np.inf:
            rows, limit = bounds.largest(pool.room > 0, wanted)
            edge = replace(pool, points=pool.points[rows], parents=pool.parents[rows], room=pool.room[rows])
            nearest = NearestSelected(edge.points, pool.selected[:chosen], self.neighbours)
            bounds.learn(rows, nearest.mean)
            cloud = PointCloud(edge.points, centre)
            for point in pool.selected[chosen:]:
                nearest.add(np.sqrt(cloud.squared_to(point)))
            found = _greedy(edge, cloud, nearest, count - len(picked.indices), limit)
            found = replace(found, indices=rows[found.indices])
            picked, pool, wanted = picked.and_then(found), pool.after(found), 4 * wanted
        return picked


def _greedy(pool: Pool, cloud: PointCloud, nearest: NearestSelected, count: int, limit: float) -> Picks:
    """One pick after the other of the largest mean, as long as that is beyond the limit."""
    caps = Caps(pool)
    rank = nearest.mean if len(pool.selected) else np.sqrt(cloud.squared_to(cloud.mean))
    indices: list[int] = []
    scores: list[float] = []
    while len(indices) < count and caps.open.any():
        pick = int(np.argmax(np.where(caps.open, rank, -np.inf)))
        if rank[pick] <= limit:
            break
        indices.append(pick)
        scores.append(float(rank[pick]))
        caps.take(pick)
        nearest.add(np.sqrt(cloud.squared_to(pool.points[pick])))
        rank = nearest.mean
    return Picks(np.array(indices, dtype=np.int64), np.array(scores))
