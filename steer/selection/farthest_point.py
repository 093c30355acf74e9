"""Greedy farthest-point selection (Gonzalez, Theor. Comput. Sci. 38, 293, 1985).

Each pick is the candidate farthest from everything selected so far, the picks of this batch included. The covering
radius that results is at most twice the best possible one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from steer.selection.protocol import Picks

__all__ = ["FarthestPoint"]


class FarthestPoint:
    """Greedy farthest point. The score of a pick is its distance to the nearest selected point when picked."""

    name = "farthest_point"

    def select(
        self,
        candidates: NDArray[np.floating],
        selected: NDArray[np.floating],
        count: int,
        groups: NDArray[np.integer],
        cap: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, start far from the mean."""
        points = np.ascontiguousarray(candidates, dtype=np.float64)
        if len(points) == 0 or count < 1:
            return Picks(np.empty(0, np.int64), np.empty(0))
        known = selected if len(selected) else points.mean(axis=0, keepdims=True)
        distance = cKDTree(known).query(points)[0]
        open_ = np.ones(len(points), dtype=bool)
        taken: dict[int, int] = {}
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count and open_.any():
            pick = int(np.argmax(np.where(open_, distance, -np.inf)))
            indices.append(pick)
            scores.append(float(distance[pick]))
            open_[pick] = False
            if len(selected) == 0 and len(indices) == 1:
                distance[:] = np.inf
            group = int(groups[pick])
            taken[group] = taken.get(group, 0) + 1
            if taken[group] >= cap:
                open_ &= groups != group
            np.minimum(distance, np.linalg.norm(points - points[pick], axis=1), out=distance)
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))
