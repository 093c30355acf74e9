"""Uniform random selection: the control that every other rule has to beat."""

from __future__ import annotations

import numpy as np

from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import take_in_order

__all__ = ["UniformRandom"]


class UniformRandom:
    """Every candidate is equally likely. There is no score."""

    name = "random"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says, blind to where the points lie."""
        rows = take_in_order(rng.permutation(len(pool)), count, pool)
        return Picks(rows, np.full(len(rows), np.nan))
