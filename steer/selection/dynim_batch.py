"""DynIm's measure of novelty, with picks that know of each other.

The rank is that of `steer.selection.dynim`, the mean distance to the ten nearest selected points, but every pick
counts as selected for the next one of the same batch. While fewer than ten are selected, the mean is over those, and
all candidates are looked at; from then on those at the edge (`steer.selection.edge`, `steer.selection.mean_bounds`), with
the same picks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.edge import Edge
from steer.selection.mean_bounds import MeanBounds
from steer.selection.nearest_selected import NEIGHBOURS
from steer.selection.protocol import Picks, Pool

__all__ = ["DynImBatch"]

EDGE = 4
"""Candidates looked at first, for each pick wanted; twice as many whenever these do not settle it."""

LEAST = 128
"""And at least."""

FALLEN = 0.8
"""Of the last pick's mean: candidates that are nearer are not at the edge any more."""


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
        few = min(count, self.neighbours - len(pool.selected))
        if few <= 0:
            return self._while_many(pool, centre, count)
        picks = _while_few(pool, centre, few)
        if len(picks.indices) < few or few == count:
            return picks
        return picks.and_then(self._while_many(pool.after(picks), centre, count - few))

    def _while_many(self, pool: Pool, centre: NDArray[np.float64], count: int) -> Picks:
        """One pick after the other of the largest mean over as many selected points as count for one."""
        bounds, known = MeanBounds(self.neighbours), len(pool.selected)
        if pool.reach is not None and pool.reach.chosen >= self.neighbours:
            bounds, known = pool.reach.mean_bounds(self.neighbours), pool.reach.chosen
        bounds.extend(pool.points, pool.selected[:known])
        caps, edge = Caps(pool), Edge(pool.points, centre, self.neighbours)
        edge.join(bounds.rows, bounds.nearest)
        for point in pool.selected[known:]:
            edge.select(point)
        outside = bounds.outside(caps.open, max(LEAST, EDGE * count))
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count:
            pick, mean = edge.farthest(caps.open)
            while mean <= outside.limit and outside.limit > -np.inf:
                rows = outside.take()
                edge.join(rows, bounds.look_at(rows))
                pick, mean = edge.farthest(caps.open)
            if mean == -np.inf:
                break
            indices.append(pick)
            scores.append(mean)
            caps.take(pick)
            edge.select(pool.points[pick])
        bounds.forget(FALLEN * min(scores, default=0.0))
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))


def _while_few(pool: Pool, centre: NDArray[np.float64], count: int) -> Picks:
    """One pick after the other of the largest mean over all selected points, of which the sum is kept."""
    caps, cloud = Caps(pool), PointCloud(pool.points, centre)
    known, total = len(pool.selected), np.zeros(len(pool))
    for point in pool.selected:
        total += np.sqrt(cloud.squared_to(point))
    indices: list[int] = []
    scores: list[float] = []
    while len(indices) < count and caps.open.any():
        rank = (total / known).astype(np.float32) if known else np.sqrt(cloud.squared_to(centre))
        pick = int(np.argmax(np.where(caps.open, rank, -np.inf)))
        indices.append(pick)
        scores.append(float(rank[pick]))
        caps.take(pick)
        total += np.sqrt(cloud.squared_to(pool.points[pick]))
        known += 1
    return Picks(np.array(indices, dtype=np.int64), np.array(scores))
