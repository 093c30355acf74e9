"""Numbers from latent points: growth of coverage, and a two-dimensional view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steer.coverage.cells import CellCounter

__all__ = ["Growth", "View", "coverage_growth", "two_dimensional_view"]


@dataclass(frozen=True)
class Growth:
    """Coverage against aggregate simulation time.

    Attributes
    ----------
    time : ndarray, shape (n,)
        Aggregate CG time in ns after each frame.
    cells : ndarray, shape (n,), int
        Cells occupied by then.
    """

    time: NDArray[np.float64]
    cells: NDArray[np.int64]


def coverage_growth(
    points: NDArray[np.floating], frame_interval: float, reference: NDArray[np.floating]
) -> Growth:
    """How many cells were occupied after each frame.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Latent points in the order in which the frames arrived.
    frame_interval : float
        ps that one frame stands for.
    reference : ndarray, shape (m, d)
        Points whose spread sets the size of the cells.
    """
    width = CellCounter.scaled_to(reference).width
    cells = np.floor(points / width).astype(np.int32)
    first = np.zeros(len(points), dtype=np.int64)
    first[np.unique(cells, axis=0, return_index=True)[1]] = 1
    return Growth(np.arange(1, len(points) + 1, dtype=np.float64) * (frame_interval * 1e-3), np.cumsum(first))


@dataclass(frozen=True)
class View:
    """A linear view of the latent space in two dimensions.

    Attributes
    ----------
    mean : ndarray, shape (d,)
    axes : ndarray, shape (2, d)
        Orthonormal.
    labels : tuple of str
        What the two coordinates are.
    share : float
        Share of the points' variance that the view shows.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    labels: tuple[str, str]
    share: float

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Coordinates in the view, shape (n, 2)."""
        return (np.asarray(points, np.float64) - self.mean) @ self.axes.T


def two_dimensional_view(points: NDArray[np.floating]) -> View:
    """The latent space itself when it has two dimensions, otherwise its two principal axes."""
    d = points.shape[1]
    if d == 2:
        return View(np.zeros(2), np.eye(2), ("latent dimension 1", "latent dimension 2"), 1.0)
    mean = points.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(points - mean, full_matrices=False)
    axes = axes[:2] * np.where(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)] < 0, -1, 1)[:, None]
    variance = singular**2
    shares = variance[:2] / max(variance.sum(), 1e-300)
    first, second = (f"principal axis {i + 1} of {d} latents ({share:.0%})" for i, share in enumerate(shares))
    return View(mean, axes, (first, second), float(shares.sum()))
