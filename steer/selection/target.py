"""A target: of all candidates, only the share nearest to (or farthest from) a value of a collective variable may be
picked; which of them is left to the rule.

Asking for a share instead of adding a term to a score needs no weight between two units, works with every rule, and
does not stall: as the campaign moves towards the target, so does the share. Novelty is measured against everything, so
that the edge of the share is no edge of the map.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Pool

__all__ = ["narrowed"]


def narrowed(pool: Pool, cost: NDArray[np.floating], share: float) -> Pool:
    """The same pool, in which only the candidates of the least cost may be picked.

    Parameters
    ----------
    pool : Pool
    cost : ndarray, shape (n,)
        Distance of each candidate to the target; negated, to go away from it. NaN counts as the worst.
    share : float
        Of the candidates that could be picked, in (0, 1]; at least one of them, and all those as good as the last.
    """
    open_ = np.flatnonzero(pool.room > 0)
    if len(open_) == 0 or share >= 1:
        return pool
    known = np.where(np.isnan(cost), np.inf, cost)
    kept = max(1, round(share * len(open_)))
    limit = np.partition(known[open_], kept - 1)[kept - 1]
    return replace(pool, room=np.where(known <= limit, pool.room, 0))
