"""At most so many picks of one parent, for rules that pick one candidate after the other."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Pool

__all__ = ["Caps"]


class Caps:
    """Counts the picks of each parent.

    Parameters
    ----------
    pool : Pool

    Attributes
    ----------
    open : ndarray, shape (n,), bool
        Which candidates may be picked.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._taken: Counter[int] = Counter()
        self.open: NDArray[np.bool_] = pool.room > 0

    def take(self, row: int) -> NDArray[np.int64]:
        """Count this pick; returns the rows that it closes: its own, or those of its whole parent."""
        parent = int(self._pool.parents[row])
        self._taken[parent] += 1
        full = self._taken[parent] >= self._pool.room[row]
        rows = np.flatnonzero(self._pool.parents == parent) if full else np.array([row], dtype=np.int64)
        self.open[rows] = False
        return rows
