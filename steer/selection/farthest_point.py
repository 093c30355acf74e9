"""Greedy farthest-point selection (Gonzalez, Theor. Comput. Sci. 38, 293, 1985).

Each pick is the candidate farthest from everything selected so far, the picks of this batch included. The covering
radius that results is at most twice the best possible one.
"""

from __future__ import annotations

import numpy as np

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.frontier import CLOSED, Frontier
from steer.selection.protocol import Picks, Pool

__all__ = ["FarthestPoint"]


class FarthestPoint:
    """Greedy farthest point. The score of a pick is its distance to the nearest selected point when picked."""

    name = "farthest_point"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, start far from the mean."""
        cloud, caps, selected = PointCloud(pool.points), Caps(pool), pool.selected
        frontier = Frontier(cloud, cloud.nearest(selected) if len(selected) else cloud.squared_to(cloud.mean))
        frontier.close(np.flatnonzero(~caps.open))
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count:
            pick, squared = frontier.farthest()
            if squared == CLOSED:
                break
            indices.append(pick)
            scores.append(squared**0.5)
            if len(indices) == 1 and not len(selected):
                frontier = Frontier(cloud, cloud.squared_to(pool.points[pick]))
                frontier.close(np.flatnonzero(~caps.open))
            else:
                frontier.add(pool.points[pick])
            frontier.close(caps.take(pick))
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))
