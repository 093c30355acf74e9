"""Who discovered what: to each simulation the cells of the map that its frames were the first to occupy.

Rows count in the order in which they were stored, so that the record is the same however they came in batches, and
after a restart. What a simulation discovered tells what starting it was worth (`steer.selection.ucb`), and what coarse-grained and all-atom simulations lately contributed (`steer.decide`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Discoveries"]


class Discoveries:
    """Counts of one level's simulations, by their numbers; what lies beyond the end of an array is zero.

    Attributes
    ----------
    cells : ndarray, shape (p,), int64
        Cells that each simulation discovered.
    """

    def __init__(self) -> None:
        self.cells: NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, numbers: NDArray[np.integer], discovered: NDArray[np.bool_]) -> None:
        """Count further frames.

        Parameters
        ----------
        numbers : ndarray, shape (n,), int
            The simulation of each frame, in the order in which they were stored.
        discovered : ndarray, shape (n,), bool
            Which of them were the first in their cells.
        """
        if len(numbers) == 0:
            return
        size = max(len(self.cells), int(numbers.max()) + 1)
        self.cells = _grown(self.cells, size) + np.bincount(numbers[discovered], minlength=size)


def _grown(array: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.concatenate([array, np.zeros(size - len(array), np.int64)])
