"""Which frames are known already, for tens of millions of them: one 64-bit key each, sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["IdentityIndex", "identity_keys"]

_STEP_BITS, _NUMBER_BITS = 43, 20
_MERGE_AT = 50_000


def identity_keys(level: ArrayLike, number: ArrayLike, step: ArrayLike) -> NDArray[np.uint64]:
    """One key for each identity, and one identity for each key.

    Parameters
    ----------
    level : array_like, shape (n,)
        Code of the level, 0 or 1.
    number : array_like, shape (n,)
        Number of the simulation, below a million.
    step : array_like, shape (n,)
        Step, below 2**43.
    """
    codes: NDArray[np.uint64] = np.asarray(level).astype(np.uint64) << np.uint64(_STEP_BITS + _NUMBER_BITS)
    numbers: NDArray[np.uint64] = np.asarray(number).astype(np.uint64) << np.uint64(_STEP_BITS)
    keys: NDArray[np.uint64] = codes | numbers | np.asarray(step).astype(np.uint64)
    return keys


class IdentityIndex:
    """A set of keys: a sorted array, and a small set of the latest, merged into it now and then.

    Parameters
    ----------
    keys : ndarray, shape (n,), uint64
        What is known at the start, in any order.
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._sorted = np.sort(keys)
        self._recent: set[int] = set()

    def __contains__(self, key: int) -> bool:
        return bool(self.known(np.array([key], np.uint64))[0])

    def known(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are in the set, shape (n,)."""
        recent = np.fromiter((key in self._recent for key in keys.tolist()), bool, len(keys))
        if len(self._sorted) == 0:
            return recent
        places = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        return recent | (self._sorted[places] == keys)

    def fresh(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are new; of those that occur more than once, the first. Shape (n,)."""
        first = np.zeros(len(keys), bool)
        first[np.unique(keys, return_index=True)[1]] = True
        return first & ~self.known(keys)

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Take keys in."""
        self._recent.update(keys.tolist())
        if len(self._recent) > max(_MERGE_AT, len(self._sorted) // 8):
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent.clear()
