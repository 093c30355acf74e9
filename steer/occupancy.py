"""Which cells of one map are occupied, and who discovered each: counted row by row as the frames were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.cells import CellCounter
from steer.discoveries import Discoveries
from steer.shards import LEVELS

if TYPE_CHECKING:
    from steer.framestore import FrameStore

__all__ = ["COUNT_AT_ONCE", "Occupancy"]

COUNT_AT_ONCE = 2**18
"""Rows counted between two looks at the stream, and at once: a map of millions then comes into use without a halt."""


class Occupancy:
    """Counts of one map, which grow with it.

    Parameters
    ----------
    store : FrameStore
    trained : int
        The spread of the first so many latent points sets the size of the cells.

    Attributes
    ----------
    discoveries : dict of str to Discoveries
        By level: which simulations were the first in the map's cells.
    """

    def __init__(self, store: FrameStore, trained: int) -> None:
        self._store, self._trained = store, trained
        self._cells: CellCounter | None = None
        self._counted = 0
        self.discoveries = {level: Discoveries() for level in LEVELS}

    def __len__(self) -> int:
        return len(self._cells) if self._cells is not None else 0

    def count(self, points: NDArray[np.float32]) -> bool:
        """Count up to `COUNT_AT_ONCE` further rows; returns whether all are counted.

        Parameters
        ----------
        points : ndarray, shape (n, d)
            All latent points there are, those that are counted too, and those trained on in any case.
        """
        if self._cells is None:
            self._cells = CellCounter.scaled_to(points[: self._trained])
        rows = slice(self._counted, min(len(points), self._counted + COUNT_AT_ONCE))
        discovered = np.zeros(rows.stop - rows.start, dtype=bool)
        discovered[self._cells.add(points[: rows.stop]) - rows.start] = True
        numbers = self._store.number[rows].astype(np.int64)
        for level, record in self.discoveries.items():
            of_level = self._store.is_level(level, rows)
            record.add(numbers[of_level], discovered[of_level])
        self._counted = rows.stop
        return self._counted == len(points)
