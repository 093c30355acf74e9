"""Uniform random selection: the control that every other rule has to beat."""

from __future__ import annotations

import numpy as np

from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import PREFIX, take_in_order

__all__ = ["UniformRandom"]

FEW = 50
"""The beginning of a permutation is drawn alone when it is at most one in so many rows."""


class UniformRandom:
    """Every candidate is equally likely. There is no score."""

    name = "random"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says, blind to where the points lie."""
        tried = max(PREFIX, 8 * count)
        if FEW * tried >= len(pool):
            rows = take_in_order(rng.permutation(len(pool)), count, pool)
        else:
            # The beginning of a permutation is nearly always enough, and drawn without the rest of it.
            first = rng.choice(len(pool), tried, replace=False)
            rows = take_in_order(first, count, pool)
            if len(rows) < count:
                rest = np.ones(len(pool), dtype=bool)
                rest[first] = False
                order = np.concatenate([first, rng.permutation(np.flatnonzero(rest))])
                rows = take_in_order(order, count, pool)
        return Picks(rows, np.full(len(rows), np.nan))
