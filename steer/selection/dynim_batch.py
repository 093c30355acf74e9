"""DynIm's measure of novelty, with picks that know of each other.

The rank is that of `steer.selection.dynim`, the mean distance to the ten nearest selected points, but every pick
counts as selected for the next one of the same batch. While fewer than ten are selected, the mean is over those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.protocol import Picks
from steer.selection.ten_nearest import TenNearest

__all__ = ["DynImBatch"]


class DynImBatch:
    """Mean distance to the ten nearest selected points, the picks of this batch included."""

    name = "dynim_batch"

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
        cloud, caps, nearest = PointCloud(candidates), Caps(groups, cap), TenNearest(candidates, selected)
        rank = nearest.mean if len(selected) else np.sqrt(cloud.squared_to(cloud.mean))
        open_ = np.ones(len(candidates), dtype=bool)
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count and open_.any():
            pick = int(np.argmax(np.where(open_, rank, -np.inf)))
            indices.append(pick)
            scores.append(float(rank[pick]))
            open_[caps.take(pick)] = False
            nearest.add(np.sqrt(cloud.squared_to(candidates[pick])))
            rank = nearest.mean
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))
