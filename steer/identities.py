"""Which frames are known already, for tens of millions of them: few numbers, since simulations give frames at even steps.

An identity is one 64-bit key, and a set of keys is kept as runs: first, last and the stride between them. Runs of one
set never overlap, so that one binary search finds the only run a key can be in. A run is of one simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steer.openruns import OpenRuns

__all__ = ["NUMBERS", "STEPS", "IdentityIndex", "Runs", "identity_keys", "owners"]

STEPS = 2**40
"""Steps that an identity can tell apart: 22 ms at 20 fs."""

NUMBERS = 2**23
"""Numbers of simulations of a level that it can."""

_LEVEL_AT, _LOW_AT, _HIGH_AT, _LOW_BITS = (np.uint64(bits) for bits in (63, 43, 40, 20))
_MERGE_AT = 50_000
_PARTS = 8


def identity_keys(level: ArrayLike, number: ArrayLike, step: ArrayLike) -> NDArray[np.uint64]:
    """One key for each identity, and one identity for each key.

    From the highest bit: level, the lower 20 bits of the number, its higher 3, and 40 of the step. (Stores from before
    numbers had 23 bits have 43 for the step, of which no simulation has ever used the first three.)

    Parameters
    ----------
    level : array_like, shape (n,)
        Code of the level, 0 or 1.
    number : array_like, shape (n,)
        Number of the simulation, below `NUMBERS`.
    step : array_like, shape (n,)
        Step, below `STEPS`.
    """
    codes, numbers = np.asarray(level).astype(np.uint64), np.asarray(number).astype(np.uint64)
    low = numbers & ((np.uint64(1) << _LOW_BITS) - np.uint64(1))
    keys: NDArray[np.uint64] = (
        (codes << _LEVEL_AT)
        | (low << _LOW_AT)
        | ((numbers >> _LOW_BITS) << _HIGH_AT)
        | np.asarray(step).astype(np.uint64)
    )
    return keys


def owners(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Level and number of each key, shapes (n,)."""
    low = (keys >> _LOW_AT) & ((np.uint64(1) << _LOW_BITS) - np.uint64(1))
    high = (keys >> _HIGH_AT) & np.uint64(NUMBERS // 2**20 - 1)
    return (keys >> _LEVEL_AT).astype(np.int64), (low | (high << _LOW_BITS)).astype(np.int64)


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
        """The runs of distinct keys, ascending; no run goes from one group or simulation to the next.

        Parameters
        ----------
        keys : ndarray, shape (n,), uint64
        groups : ndarray, shape (n,), optional
            Ascending labels.
        """
        steps = np.diff(keys)
        alone = (keys[1:] >> _HIGH_AT) != (keys[:-1] >> _HIGH_AT)
        even = (steps[1:] == steps[:-1]) & ~(alone[1:] | alone[:-1])
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
        crowded |= first >> _HIGH_AT != last >> _HIGH_AT
        return cls(first, last, stride)._rerun(crowded, tangle)._gathered()._chained()

    def _gathered(self) -> Runs:
        """Single keys that lie next to each other, with no run between them, made runs where they can be."""
        single = self.first == self.last
        if not single.any():
            return self
        return self._rerun(single, np.cumsum(~single))

    def _chained(self) -> Runs:
        """Runs that go on where the one before them ends made one."""
        if len(self.first) < 2:
            return self
        several = self.first != self.last
        near = self.first[1:] - self.last[:-1] == self.stride[:-1]
        near &= self.first[1:] >> _HIGH_AT == self.first[:-1] >> _HIGH_AT
        joins = near & several[:-1] & (~several[1:] | (self.stride[1:] == self.stride[:-1]))
        begins = np.flatnonzero(np.concatenate([[True], ~joins]))
        ends = np.append(begins[1:] - 1, len(self.first) - 1)
        return Runs(self.first[begins], self.last[ends], self.stride[begins])

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
    """A set of keys: the runs that simulations are adding to, those that have ended, and a few latest single keys.

    Parameters
    ----------
    runs : Runs
        What is known at the start.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs, self._open = runs, OpenRuns()
        self._ended: list[Runs] = []
        self._waiting = 0
        self._recent: set[int] = set()

    def __contains__(self, key: int) -> bool:
        return bool(self.known(np.array([key], np.uint64))[0])

    def __len__(self) -> int:
        return int(self._merged().counts().sum())

    @property
    def nbytes(self) -> int:
        """Bytes of the runs, about."""
        return 24 * (len(self._runs.first) + sum(len(part.first) for part in self._ended)) + self._open.nbytes

    def known(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are in the set, shape (n,)."""
        known = self._open.known(*owners(keys), keys)
        left = np.flatnonzero(~known)
        if len(left):
            known[left] = self._elsewhere(keys[left])
        return known

    def _elsewhere(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        known = self._runs.find(keys)[0]
        for part in self._ended:
            known |= part.find(keys)[0]
        if self._recent:
            known |= np.fromiter((key in self._recent for key in keys.tolist()), bool, len(keys))
        return known

    def fresh(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these keys are new; of those that occur more than once, the first. Shape (n,)."""
        first = np.zeros(len(keys), bool)
        first[np.unique(keys, return_index=True)[1]] = True
        return first & ~self.known(keys)

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Take in keys that are not in the set."""
        keys = np.sort(keys)
        odd, ended = self._open.add(*owners(keys), keys)
        self._recent.update(odd.tolist())
        if len(ended[0]):
            order = np.argsort(ended[0])
            self._ended.append(Runs(*(array[order] for array in ended)))
            self._waiting += len(order)
        if len(self._recent) > _MERGE_AT or self._waiting > _MERGE_AT or len(self._ended) > _PARTS:
            self._merge()

    def discard(self, keys: NDArray[np.uint64]) -> None:
        """Forget keys."""
        self._runs = self._merged().without(keys)
        self._open, self._ended, self._waiting = OpenRuns(), [], 0
        self._recent.clear()

    def counts(self) -> dict[tuple[int, int], int]:
        """Keys of each (level, number)."""
        runs = self._merged()
        level, number = owners(runs.first)
        slots, places = np.unique(level * NUMBERS + number, return_inverse=True)
        counts = np.zeros(len(slots), np.int64)
        np.add.at(counts, places, runs.counts().astype(np.int64))
        levels, numbers = np.divmod(slots, NUMBERS)
        names = zip(levels.tolist(), numbers.tolist(), strict=True)
        return dict(zip(names, counts.tolist(), strict=True))

    def _merge(self) -> None:
        recent = np.sort(np.fromiter(self._recent, np.uint64, len(self._recent)))
        self._runs = Runs.joined([self._runs, *self._ended, Runs.of(recent)])
        self._ended, self._waiting = [], 0
        self._recent.clear()

    def _merged(self) -> Runs:
        """All keys, those of runs that are still growing among them."""
        self._merge()
        first, last, stride = self._open.all()
        order = np.argsort(first)
        return Runs.joined([self._runs, Runs(first[order], last[order], stride[order])])
