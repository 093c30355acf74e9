"""Uniform random selection: the control that every other rule has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Picks

__all__ = ["UniformRandom"]


class UniformRandom:
    """Every candidate is equally likely. There is no score."""

    name = "random"

    def select(
        self,
        candidates: NDArray[np.floating],
        selected: NDArray[np.floating],
        count: int,
        groups: NDArray[np.integer],
        cap: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says, blind to where the points lie."""
        taken: dict[int, int] = {}
        indices: list[int] = []
        for pick in rng.permutation(len(candidates)):
            if len(indices) >= count:
                break
            group = int(groups[pick])
            if taken.get(group, 0) < cap:
                taken[group] = taken.get(group, 0) + 1
                indices.append(int(pick))
        return Picks(np.array(indices, dtype=np.int64), np.full(len(indices), np.nan))
