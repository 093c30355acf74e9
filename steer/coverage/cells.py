"""Coverage as a count of occupied cells of the latent space: cheap, incremental, and the stop rule's measure."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELLS_PER_DEVIATION", "CellCounter"]

CELLS_PER_DEVIATION = 4.0
"""Cells along one standard deviation of the latent points that a model version came into use with."""

_AT_ONCE = 2**16
_LARGEST_GRID = 2**20
_MOST_NUMBERS = 2**63 - 1


class CellCounter:
    """Counts the cells of a regular grid that points fall into.

    Parameters
    ----------
    width : float or ndarray, shape (d,)
        Edge of a cell along each latent dimension.
    """

    def __init__(self, width: float | NDArray[np.floating]) -> None:
        self.width = width
        self._cells: set[bytes] = set()
        self._seen = 0

    @classmethod
    def scaled_to(cls, points: NDArray[np.floating]) -> Self:
        """A counter whose cells suit the spread of these points: `CELLS_PER_DEVIATION` along each dimension."""
        deviation = _deviation(points) if len(points) else np.ones(points.shape[1])
        return cls(np.where(deviation > 0, deviation, 1.0) / CELLS_PER_DEVIATION)

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        """Count the points after those already counted, shape (n, d): a growing table is passed whole.

        Returns
        -------
        ndarray, shape (k,), int64
            Rows of the points that were the first in their cells, ascending.
        """
        first: list[int] = []
        for start in range(self._seen, len(points), _AT_ONCE):
            # By column: each lies together in memory, which numpy goes through several times as fast.
            columns = np.ascontiguousarray(points[start : start + _AT_ONCE].T) / np.reshape(
                self.width, (-1, 1)
            )
            cells = np.floor(columns, out=columns).astype(np.int32)
            rows = _first_in_each(cells)
            for row, cell in zip(rows.tolist(), map(np.ndarray.tobytes, cells[:, rows].T), strict=True):
                if cell not in self._cells:
                    self._cells.add(cell)
                    first.append(start + row)
        self._seen = len(points)
        return np.array(first, dtype=np.int64)


def _deviation(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Standard deviation of each column, summed in double precision and block by block."""
    origin = points[0].astype(np.float64)[:, None]
    total, squares = np.zeros((2, points.shape[1]))
    for start in range(0, len(points), _AT_ONCE):
        columns = points[start : start + _AT_ONCE].T.astype(np.float64, order="C") - origin
        total += columns.sum(axis=1)
        squares += np.einsum("ij,ij->i", columns, columns)
    mean = total / len(points)
    deviation: NDArray[np.float64] = np.sqrt(np.maximum(squares / len(points) - mean**2, 0.0))
    return deviation


def _first_in_each(cells: NDArray[np.int32]) -> NDArray[np.int64]:
    """First point in each of the cells, shape (d, n), ascending: found by one number a cell where the grid around them has
    few enough cells."""
    low = cells.min(axis=1)
    extent = (cells.max(axis=1) - low.astype(np.int64) + 1).tolist()
    size = math.prod(extent)
    if size > _MOST_NUMBERS:
        return np.sort(np.unique(cells, axis=1, return_index=True)[1])
    numbers = np.zeros(cells.shape[1], np.int64)
    for column, lowest, count in zip(cells, low.tolist(), extent, strict=True):
        numbers *= count
        numbers += column
        numbers -= lowest
    if size > _LARGEST_GRID:
        return np.sort(np.unique(numbers, return_index=True)[1])
    first = np.full(size, -1)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return np.sort(first[first >= 0])
