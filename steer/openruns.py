"""The latest run of each simulation, which its next frames lengthen: what makes a known frame cost nothing to remember.

A simulation gives frames at even steps, so that nearly every new key is one stride after the last of its simulation.
Only what does not fit goes elsewhere: single keys from before the run, and the run itself when another one begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["OpenRuns"]

Arrays = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]


class OpenRuns:
    """One run a simulation: first key, last key, stride (0 while there is one key), by level and number."""

    def __init__(self) -> None:
        self._first, self._last, self._stride = np.zeros((3, 0), np.uint64)
        self._used = np.zeros(0, bool)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return 3 * self._first.nbytes

    def known(
        self, level: NDArray[np.int64], number: NDArray[np.int64], keys: NDArray[np.uint64]
    ) -> NDArray[np.bool_]:
        """Which of these keys are in the run of their simulation, shape (n,)."""
        slots = _slots(level, number)
        found = np.zeros(len(keys), bool)
        here = np.flatnonzero(slots < len(self._first))
        slots, keys = slots[here], keys[here]
        first, last, stride = self._first[slots], self._last[slots], np.maximum(self._stride[slots], 1)
        within = (first <= keys) & (keys <= last) & self._used[slots]
        found[here] = within & ((keys - first) % stride == 0)
        return found

    def add(
        self, level: NDArray[np.int64], number: NDArray[np.int64], keys: NDArray[np.uint64]
    ) -> tuple[NDArray[np.uint64], Arrays]:
        """Take in keys that are not in the set, ascending.

        Returns
        -------
        ndarray, uint64
            Keys that fit no run, to be kept elsewhere.
        tuple of ndarray
            First keys, last keys and strides of runs that ended because another one of their simulation begins.
        """
        if not len(keys):
            return keys, (keys, keys, keys)
        slots = _slots(level, number)
        self._reserve(int(slots.max()) + 1)
        begins = np.flatnonzero(np.concatenate([[True], slots[1:] != slots[:-1]]))
        counts = np.diff(np.append(begins, len(keys)))
        owner = slots[begins]
        before, stride = self._last[owner], self._stride[owner]
        used = self._used[owner]
        step = keys - np.concatenate([keys[:1], keys[:-1]])
        step[begins] = keys[begins] - before
        within = np.where(counts > 1, step[np.minimum(begins + 1, len(step) - 1)], 0)
        even = step == np.repeat(within, counts)
        even[begins] = True
        even = np.logical_and.reduceat(even, begins)
        late = used & (keys[begins] > before)
        follows = late & ((stride == 0) | (step[begins] == stride))
        more = follows & even & ((counts == 1) | (within == step[begins]))
        begun = even & ~more & (late | ~used)
        ended = owner[begun & used]
        runs = self._first[ended], self._last[ended], np.maximum(self._stride[ended], 1)
        last = keys[np.append(begins[1:], len(keys)) - 1]
        self._set(owner[begun], keys[begins[begun]], last[begun], within[begun])
        self._set(owner[more], self._first[owner[more]], last[more], step[begins[more]])
        return keys[np.repeat(~(more | begun), counts)], runs

    def all(self) -> Arrays:
        """First keys, last keys and strides (1 for single keys) of all runs."""
        used = np.flatnonzero(self._used)
        return self._first[used], self._last[used], np.maximum(self._stride[used], 1)

    def _set(
        self,
        slots: NDArray[np.int64],
        first: NDArray[np.uint64],
        last: NDArray[np.uint64],
        stride: NDArray[np.uint64] | np.uint64,
    ) -> None:
        self._first[slots], self._last[slots], self._stride[slots] = first, last, stride
        self._used[slots] = True

    def _reserve(self, count: int) -> None:
        if count <= len(self._first):
            return
        size = max(count, 2 * len(self._first), 1024)
        self._first, self._last, self._stride, self._used = (
            _longer(array, size) for array in (self._first, self._last, self._stride, self._used)
        )


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.zeros(size, array.dtype)
    longer[: len(array)] = array
    return longer


def _slots(level: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    return 2 * number + level
