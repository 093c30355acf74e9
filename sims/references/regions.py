"""States as ranges of two coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Region", "find_regions"]

Region = tuple[tuple[float, float], tuple[float, float]]
"""(low, high) of the first and of the second coordinate; where one repeats, high may lie beyond the period's end."""


def find_regions(
    coordinates: NDArray[np.floating], regions: Sequence[Region], periods: Sequence[float | None]
) -> NDArray[np.int64]:
    """Which region each point is in.

    Parameters
    ----------
    coordinates : ndarray, shape (n, 2)
    regions : sequence of Region
        That do not overlap.
    periods : sequence of float or None
        Of the two coordinates.

    Returns
    -------
    ndarray, shape (n,), int64
        Number of the region; -1 outside all.
    """
    found = np.full(len(coordinates), -1, dtype=np.int64)
    for number, region in enumerate(regions):
        inside = np.ones(len(coordinates), dtype=bool)
        for values, (low, high), period in zip(np.asarray(coordinates).T, region, periods, strict=True):
            above = values - low if period is None else (values - low) % period
            inside &= (above >= 0) & (above < high - low)
        found[inside] = number
    return found
