"""Which frames are known already, for tens of millions of them: few numbers, since simulations give frames at even steps.

An identity is one 64-bit key, and a set of keys is kept as runs: first, last and the stride between them. Runs of one
set never overlap, so that one binary search finds the only run a key can be in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["IdentityIndex", "Runs", "identity_keys"]

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


@dataclass(frozen=True)
class Runs:
    """Keys ``first, first + stride, ..., last`` of each run, by `first`; no two runs overlap.

    Attributes
    ----------
    first, last, stride : ndarray, shape (n,), uint64
    """

    first: NDArray[np.uint64]
    last: NDArray[np.uint64]
    stride: NDArray[np.uint64]

    @classmethod
    def none(cls) -> Runs:
        """No key."""
        return cls(*np.empty((3, 0), np.uint64))

    @classmethod
    def of(cls, keys: NDArray[np.uint64], groups: NDArray[Any] | None = None) -> Runs:
        """The runs of distinct keys, ascending; no run goes from one group to the next.

        Parameters
        ----------
        keys : ndarray, shape (n,), uint64
        groups : ndarray, shape (n,), optional
            Ascending labels.
        """
        steps = np.diff(keys)
        even = steps[1:] == steps[:-1]
        if groups is not None:
            even &= groups[2:] == groups[:-2]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], even, [False]]).astype(np.int8)))
        starts, stops = edges[::2], edges[1::2] + 1
        starts[1:] += starts[1:] == stops[:-1]
        bounds = np.zeros(len(keys) + 1, np.int64)
        bounds[starts] += 1
        bounds[stops + 1] -= 1
        single = keys[np.cumsum(bounds[:-1]) == 0]
        first = np.concatenate([keys[starts], single])
        last = np.concatenate([keys[stops], single])
        stride = np.concatenate([steps[starts], np.ones(len(single), np.uint64)])
        order = np.argsort(first)
        return cls(first[order], last[order], stride[order])

    @classmethod
    def joined(cls, parts: Sequence[Runs]) -> Runs:
        """All keys of several sets that have none in common."""
        first, last, stride = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("first", "last", "stride")
        )
        order = np.argsort(first)
        first, last, stride = first[order], last[order], stride[order]
        apart = np.ones(len(first), bool)
        apart[1:] = np.maximum.accumulate(last)[:-1] < first[1:]
        tangle = np.cumsum(apart)
        crowded = np.bincount(tangle)[tangle] > 1
        return cls(first, last, stride)._rerun(crowded, tangle)

    def without(self, keys: NDArray[np.uint64]) -> Runs:
        """All keys but these."""
        found, places = self.find(keys)
        return self._rerun(
            np.isin(np.arange(len(self.first)), places[found]), np.arange(len(self.first)), keys
        )

    def find(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which keys are in a run, and the run in which each could be, shapes (n,)."""
        if len(self.first) == 0:
            return np.zeros(len(keys), bool), np.zeros(len(keys), np.int64)
        places = np.searchsorted(self.first, keys, "right") - 1
        near = np.maximum(places, 0)
        within = (places >= 0) & (keys <= self.last[near])
        return within & ((keys - self.first[near]) % self.stride[near] == 0), near

    def _rerun(
        self, which: NDArray[np.bool_], tangle: NDArray[Any], leave_out: NDArray[np.uint64] | None = None
    ) -> Runs:
        """These runs taken apart and put together anew, within each tangle."""
        if not which.any():
            return self
        keys = self._keys(which)
        groups = np.repeat(tangle[which], self.counts()[which].astype(np.int64))
        if leave_out is not None:
            kept = ~np.isin(keys, leave_out)
            keys, groups = keys[kept], groups[kept]
        order = np.argsort(keys)
        again = Runs.of(keys[order], groups[order])
        first, last, stride = (
            np.concatenate([getattr(self, name)[~which], getattr(again, name)])
            for name in ("first", "last", "stride")
        )
        order = np.argsort(first)
        return Runs(first[order], last[order], stride[order])

    def counts(self) -> NDArray[np.uint64]:
        """Keys of each run."""
        counts: NDArray[np.uint64] = (self.last - self.first) // self.stride + np.uint64(1)
        return counts

    def _keys(self, which: NDArray[np.bool_]) -> NDArray[np.uint64]:
        counts = self.counts()[which].astype(np.int64)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        keys: NDArray[np.uint64] = np.repeat(self.first[which], counts) + np.repeat(
            self.stride[which], counts
        ) * within.astype(np.uint64)
        return keys


class IdentityIndex:
    """A set of keys: runs, and a small set of the latest, merged into them now and then.

    Parameters
    ----------
    runs : Runs
        What is known at the start.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._recent: set[int] = set()

    def __contains__(self, key: int) -> bool:
        return bool(self.known(np.array([key], np.uint64))[0])

    def known(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are in the set, shape (n,)."""
        recent = np.fromiter((key in self._recent for key in keys.tolist()), bool, len(keys))
        return recent | self._runs.find(keys)[0]

    def fresh(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are new; of those that occur more than once, the first. Shape (n,)."""
        first = np.zeros(len(keys), bool)
        first[np.unique(keys, return_index=True)[1]] = True
        return first & ~self.known(keys)

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Take in keys that are not in the set."""
        self._recent.update(keys.tolist())
        if len(self._recent) > _MERGE_AT:
            self._merge()

    def discard(self, keys: NDArray[np.uint64]) -> None:
        """Forget keys."""
        self._merge()
        self._runs = self._runs.without(keys)

    def counts(self) -> dict[tuple[int, int], int]:
        """Keys of each (level, number)."""
        self._merge()
        owner = (self._runs.first >> np.uint64(_STEP_BITS)).astype(np.int64)
        owners, places = np.unique(owner, return_inverse=True)
        counts = np.zeros(len(owners), np.int64)
        np.add.at(counts, places, self._runs.counts().astype(np.int64))
        levels, numbers = np.divmod(owners, 1 << _NUMBER_BITS)
        names = zip(levels.tolist(), numbers.tolist(), strict=True)
        return dict(zip(names, counts.tolist(), strict=True))

    def _merge(self) -> None:
        recent = np.sort(np.fromiter(self._recent, np.uint64, len(self._recent)))
        self._runs = Runs.joined([self._runs, Runs.of(recent)])
        self._recent.clear()
