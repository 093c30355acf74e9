"""Distances between coordinates that have different units, and some of which go round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["FLAT", "Metric"]


@dataclass(frozen=True)
class Metric:
    """Euclidean distance; along a coordinate that repeats, the shorter way round.

    Attributes
    ----------
    scales : tuple of float
        How much of each coordinate counts as a distance of one; empty: one of each.
    periods : tuple of float or None
        After what each coordinate repeats, None for one that does not; empty: none does.
    """

    scales: tuple[float, ...] = ()
    periods: tuple[float | None, ...] = ()

    def nearest(
        self, points: NDArray[np.floating], places: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The nearest of some points (m, d) to each place (n, d).

        Returns
        -------
        ndarray, shape (n,)
            Its distance.
        ndarray, shape (n,), int64
            Which it is.
        """
        tree = cKDTree(self._fold(points), boxsize=self._box())
        distance, index = tree.query(self._fold(places))
        return np.asarray(distance, np.float64), np.asarray(index, np.int64)

    def _box(self) -> list[float] | None:
        """Period of each scaled coordinate; zero says that there is none."""
        if not any(self.periods):
            return None
        scales = self.scales or (1.0,) * len(self.periods)
        return [(period or 0.0) / scale for period, scale in zip(self.periods, scales, strict=True)]

    def _fold(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        folded = np.array(points, np.float64)
        if self.scales:
            folded = folded / self.scales
        for axis, period in enumerate(self._box() or ()):
            if period:
                turned = np.mod(folded[:, axis], period)
                # A tiny negative number comes out as the period itself.
                folded[:, axis] = np.where(turned < period, turned, 0.0)
        return folded


FLAT = Metric()
"""Plain Euclidean distance."""
