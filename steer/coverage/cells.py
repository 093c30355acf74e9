"""Coverage as a count of occupied cells of the latent space: cheap, incremental, and the stop rule's measure."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELLS_PER_DEVIATION", "CellCounter"]

CELLS_PER_DEVIATION = 4.0
"""Cells along one standard deviation of the latent points that a model version came into use with."""


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
        deviation = points.std(axis=0) if len(points) else np.ones(points.shape[1])
        return cls(np.where(deviation > 0, deviation, 1.0) / CELLS_PER_DEVIATION)

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, points: NDArray[np.floating]) -> None:
        """Count the points after those already counted, shape (n, d): a growing table is passed whole."""
        new = points[self._seen :]
        self._seen = len(points)
        if len(new):
            cells = np.unique(np.floor(new / self.width).astype(np.int32), axis=0)
            self._cells.update(row.tobytes() for row in cells)
