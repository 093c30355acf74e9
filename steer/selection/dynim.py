"""DynIm's rule as published: the baseline that other rules have to beat.

The rank of a candidate is its mean distance to the ten nearest of the points selected before; a batch is the top of
the ranked list, and until ten points are selected ranks are random (Bhatia et al., Nat. Mach. Intell. 3, 401, 2021;
used in MuMMI: Di Natale et al., SC '19). The picks of one batch do not know of each other: where one far cluster has
many members, they all come from it. `steer.selection.dynim_batch` mends that.
"""

from __future__ import annotations

import numpy as np

from steer.selection.nearest_selected import NEIGHBOURS, nearest_selected
from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import take_best, take_in_order

__all__ = ["DynIm"]


class DynIm:
    """Mean distance to the ten nearest selected points, ranked once for the whole batch."""

    name = "dynim"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; there is no score until ten points are selected."""
        if len(pool.selected) < NEIGHBOURS:
            rows = take_in_order(rng.permutation(len(pool)), count, pool)
            return Picks(rows, np.full(len(rows), np.nan))
        return take_best(nearest_selected(pool.points, pool.selected).mean(axis=1), count, pool)
