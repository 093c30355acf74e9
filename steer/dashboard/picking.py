"""From a place on the screen to a frame, and from a frame to those like it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.dashboard.atlas import MapPoints
from steer.dashboard.binning import Window

__all__ = ["frame_at", "last_frame", "neighbours"]

AT_ONCE = 1 << 18


def frame_at(
    points: MapPoints,
    place: tuple[float, float],
    window: Window,
    size: tuple[int, int],
    keep: NDArray[np.bool_] | None,
    reach: float,
) -> int | None:
    """The frame shown nearest to a place, as a person sees it.

    Parameters
    ----------
    points : MapPoints
    place : tuple of float
        In the map's coordinates.
    window : Window
        What the screen shows.
    size : tuple of int
        Width and height of the screen, pixels.
    keep : ndarray, shape (n,), bool, optional
        Frames that are shown.
    reach : float
        Pixels.

    Returns
    -------
    int or None
        Row in the frame store; None when no frame is that near.
    """
    across, up = size[0] / (window.x1 - window.x0), size[1] / (window.y1 - window.y0)
    best, row = reach**2, None
    for start in range(0, len(points), AT_ONCE):
        chunk = slice(start, start + AT_ONCE)
        distance = ((points.x[chunk] - place[0]) * across) ** 2 + ((points.y[chunk] - place[1]) * up) ** 2
        if keep is not None:
            distance[~keep[chunk]] = np.inf
        nearest = int(np.argmin(distance))
        if distance[nearest] < best:
            best, row = float(distance[nearest]), start + nearest
    return row


def last_frame(points: MapPoints, simulation: str) -> int | None:
    """Row of the newest frame of a simulation; None when it has none on the map."""
    level, _, number = simulation.partition("-")
    if level not in ("cg", "aa") or not (number.isascii() and number.isdigit()):
        return None
    rows = np.flatnonzero((points.cg if level == "cg" else points.aa) & (points.number == int(number)))
    return int(rows[-1]) if len(rows) else None


def neighbours(points: MapPoints, row: int, count: int) -> list[tuple[int, float]]:
    """The frames of other simulations nearest to one in the whole latent space, one a simulation, nearest first.

    Parameters
    ----------
    points : MapPoints
    row : int
    count : int

    Returns
    -------
    list of (int, float)
        Row and latent distance.
    """
    distance = np.empty(len(points), np.float32)
    for start in range(0, len(points), AT_ONCE):
        chunk = slice(start, start + AT_ONCE)
        difference = points.points[chunk] - points.points[row]
        distance[chunk] = np.einsum("ij,ij->i", difference, difference)
    known = points.cg | points.aa
    distance[~known] = np.inf
    found: list[tuple[int, float]] = []
    # At most `count` + 1 simulations are looked at, each once: no sorting of all frames.
    taken = (points.cg == points.cg[row]) & (points.number == points.number[row])
    while len(found) < count:
        distance[taken] = np.inf
        nearest = int(np.argmin(distance))
        if not np.isfinite(distance[nearest]):
            break
        found.append((nearest, float(np.sqrt(distance[nearest]))))
        taken = (points.cg == points.cg[nearest]) & (points.number == points.number[nearest])
    return found
