"""At most so many picks of one group, for rules that pick one candidate after the other."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

__all__ = ["Caps"]


class Caps:
    """Counts the picks of each group.

    Parameters
    ----------
    groups : ndarray, shape (n,), int
        Each candidate's group.
    cap : int
        Picks from one group at most.
    """

    def __init__(self, groups: NDArray[np.integer], cap: int) -> None:
        self._groups = groups
        self._cap = cap
        self._taken: Counter[int] = Counter()

    def take(self, row: int) -> NDArray[np.int64]:
        """Count this pick, and say which rows may not be picked any more: its own, or those of its whole group."""
        group = int(self._groups[row])
        self._taken[group] += 1
        if self._taken[group] < self._cap:
            return np.array([row], dtype=np.int64)
        return np.flatnonzero(self._groups == group)
