"""Which frames a model learns from, and which of them follows which.

Frames of all simulations lie in the store as they came. Two of a CG simulation that are one frame interval apart are a
pair; where a frame was lost, the one before it has no next.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["StoredFrames", "count_followed", "frames_to_learn_from", "next_frames", "spread_pairs"]


class StoredFrames(Protocol):
    """What is asked of a frame store here."""

    def __len__(self) -> int:
        """Frames stored."""

    @property
    def number(self) -> NDArray[np.uint32]:
        """Number of the simulation, shape (n,)."""

    @property
    def step(self) -> NDArray[np.int64]:
        """Integrator steps since the simulation's start, shape (n,)."""

    def is_level(self, level: str, rows: slice = ...) -> NDArray[np.bool_]:
        """Which rows are of a level."""


def frames_to_learn_from(
    store: StoredFrames, count: int, most: int, *, lagged: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Rows to train on, spread evenly over the first so many.

    Parameters
    ----------
    store : StoredFrames
    count : int
        Frames there were when the training was decided.
    most : int
        Rows wanted at most.
    lagged : bool
        Whether pairs of frames are wanted.

    Returns
    -------
    rows : ndarray, shape (m,), int64
    following : ndarray, shape (m,), int64, or None
        Where pairs are wanted, which of the rows is next; -1 for none.
    """
    if not lagged:
        return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64)), None
    return spread_pairs(_following(store, count), most)


def count_followed(store: StoredFrames) -> int:
    """Stored CG frames that another of their simulation follows one frame interval later."""
    return int(np.count_nonzero(_following(store, len(store)) >= 0))


def next_frames(
    coarse: NDArray[np.bool_], number: NDArray[np.unsignedinteger], step: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The frame that each frame's simulation gave next.

    Parameters
    ----------
    coarse : ndarray, shape (n,), bool
        Which frames are of CG simulations.
    number : ndarray, shape (n,)
        Of the simulation.
    step : ndarray, shape (n,), int64
        Integrator steps since its start.

    Returns
    -------
    ndarray, shape (n,), int64
        Its row; -1 where there is none, or it is not as far away as is usual.
    """
    following = np.full(len(coarse), -1)
    rows = np.flatnonzero(coarse)
    rows = rows[np.lexsort((step[rows], number[rows]))]
    apart = np.diff(step[rows])
    same = number[rows[1:]] == number[rows[:-1]]
    if same.any():
        lags, counts = np.unique(apart[same], return_counts=True)
        pairs = same & (apart == lags[counts.argmax()])
        following[rows[:-1][pairs]] = rows[1:][pairs]
    return following


def _following(store: StoredFrames, count: int) -> NDArray[np.int64]:
    """`next_frames` of the first so many."""
    known = slice(count)
    return next_frames(store.is_level("cg", known), store.number[known], store.step[known])


def spread_pairs(following: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """No more than so many frames, in pairs spread evenly over all.

    Parameters
    ----------
    following : ndarray, shape (n,), int64
        As `next_frames` gives them.
    most : int

    Returns
    -------
    rows : ndarray, shape (m,), int64
        Of the frames, ascending: all, if there are no more than `most`.
    following : ndarray, shape (m,), int64
        For each of them, which of them is next; -1 for none.
    """
    rows = np.arange(len(following))
    if len(rows) > most:
        first = np.flatnonzero(following >= 0)
        first = first[np.linspace(0, len(first) - 1, min(len(first), most // 2)).astype(np.int64)]
        rows = np.union1d(first, following[first])
    place = np.full(len(following) + 1, -1)
    place[rows] = np.arange(len(rows))
    return rows, place[following[rows]]
