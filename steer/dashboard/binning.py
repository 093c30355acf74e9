"""Points to pixels: how many there are in each bin of a window, and the mean of a value over them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Binned", "Window", "bin_points"]

AT_ONCE = 1 << 18
"""Points worked on at a time: what is in between stays in the processor's cache."""


class Window(NamedTuple):
    """A part of the map: left, right, lower and upper edge, in the map's coordinates."""

    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def usable(self) -> bool:
        """Whether it is finite and has an area."""
        return bool(np.all(np.isfinite(self)) and self.x1 > self.x0 and self.y1 > self.y0)


class Binned(NamedTuple):
    """Points on a grid; row 0 is the lowest.

    Attributes
    ----------
    counts : ndarray, shape (height, width), int64
    means : ndarray, shape (height, width), float64, or None
        NaN where there are no points.
    """

    counts: NDArray[np.int64]
    means: NDArray[np.float64] | None


def bin_points(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    window: Window,
    width: int,
    height: int,
    keep: NDArray[np.bool_] | None = None,
    values: NDArray[np.floating] | None = None,
) -> Binned:
    """Count points in the bins of a window.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    window : Window
        Points on its right and upper edge are outside.
    width, height : int
        Bins.
    keep : ndarray, shape (n,), bool, optional
        Which points count.
    values : ndarray, shape (n,), optional
        Of which the mean in each bin is told; points whose value is not finite do not count.
    """
    size = width * height
    counts = np.zeros(size, np.int64)
    sums = None if values is None else np.zeros(size)
    for start in range(0, len(x), AT_ONCE):
        chunk = slice(start, start + AT_ONCE)
        # Binning in float64: float32 would put points near an edge into the neighbouring bin.
        column = (x[chunk].astype(np.float64) - window.x0) * (width / (window.x1 - window.x0))
        row = (y[chunk].astype(np.float64) - window.y0) * (height / (window.y1 - window.y0))
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        if keep is not None:
            inside &= keep[chunk]
        if values is not None:
            inside &= np.isfinite(values[chunk])
        whole = bool(inside.all())
        if not whole:
            column, row = column[inside], row[inside]
        bins = row.astype(np.int64) * width + column.astype(np.int64)
        counts += np.bincount(bins, minlength=size)
        if sums is not None and values is not None:
            weights = values[chunk] if whole else values[chunk][inside]
            sums += np.bincount(bins, weights=weights, minlength=size)
    shape = (height, width)
    if sums is None:
        return Binned(counts.reshape(shape), None)
    means = np.full(size, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return Binned(counts.reshape(shape), means.reshape(shape))
