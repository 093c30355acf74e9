"""Greedy farthest-point selection (Gonzalez, Theor. Comput. Sci. 38, 293, 1985).

Each pick is the candidate farthest from everything selected so far, the picks of this batch included. The covering
radius that results is at most twice the best possible one. Each candidate's distance to its nearest selected point is
kept and only ever lowered, so that a pick costs one distance for each candidate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.protocol import Picks

__all__ = ["FarthestPoint"]

CLOSED = -1.0
"""Squared distance of a candidate that may not be picked: below every true one, and lowering leaves it."""


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
        if len(candidates) == 0 or count < 1:
            return Picks.none()
        cloud, caps = PointCloud(candidates), Caps(groups, cap)
        squared = cloud.nearest(selected)[1] if len(selected) else cloud.squared_to(cloud.mean)
        trial = np.empty_like(squared)
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count:
            pick = int(np.argmax(squared))
            if squared[pick] == CLOSED:
                break
            indices.append(pick)
            scores.append(float(squared[pick]) ** 0.5)
            cloud.squared_to(candidates[pick], out=trial)
            if len(indices) == 1 and not len(selected):
                squared[:] = trial
            np.minimum(squared, trial, out=squared)
            squared[caps.take(pick)] = CLOSED
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))
