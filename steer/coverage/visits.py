"""Who visited what first: the table from which coverage of any part of a campaign, at any time, is counted.

Places are cells of the latent space, or sample points inside balls around frames. Each place has a size; the coverage
of some simulations by some time is the summed size of the places that they visited by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Visits", "ball_visits", "cell_visits"]


@dataclass(frozen=True)
class Visits:
    """First visit of each place by each simulation, ordered by place and row.

    Attributes
    ----------
    place, simulation, row : ndarray, shape (m,), int
        One entry for each place and simulation; `row` is the frame that got there first.
    size : ndarray, shape (number of places,)
        What a place counts for.
    """

    place: NDArray[np.int64]
    simulation: NDArray[np.int64]
    row: NDArray[np.int64]
    size: NDArray[np.float64]

    def covered(
        self, checkpoints: NDArray[np.integer], keep: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Summed size of the places visited.

        Parameters
        ----------
        checkpoints : ndarray, shape (k,), int
            Numbers of frames: those in rows before a checkpoint count.
        keep : ndarray of bool, optional
            Which simulations count; all when None.

        Returns
        -------
        ndarray, shape (k,)
        """
        chosen = slice(None) if keep is None else keep[self.simulation]
        place, row = self.place[chosen], self.row[chosen]
        first = np.ones(len(place), dtype=bool)
        first[1:] = place[1:] != place[:-1]
        rows, sizes = row[first], self.size[place[first]]
        order = np.argsort(rows, kind="stable")
        total = np.concatenate([[0.0], np.cumsum(sizes[order])])
        return total[np.searchsorted(rows[order], checkpoints, side="left")]

    def incidence(self, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
        """By how many of these simulations each place was visited, shape (number of places,)."""
        return np.bincount(self.place[keep[self.simulation]], minlength=len(self.size))


def cell_visits(
    points: NDArray[np.floating], simulation: NDArray[np.integer], width: float | NDArray[np.floating]
) -> Visits:
    """Visits of the cells of a regular grid; each counts one.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    simulation : ndarray, shape (n,), int
        Counted from 0.
    width : float or ndarray, shape (d,)
        Edge of a cell.
    """
    cells = np.floor(points / width).astype(np.int32)
    _, place = np.unique(cells, axis=0, return_inverse=True)
    place = place.reshape(-1)
    return _first_visits(place, np.asarray(simulation), np.arange(len(points)), np.ones(place.max() + 1))


def ball_visits(
    points: NDArray[np.floating],
    simulation: NDArray[np.integer],
    rows: NDArray[np.integer],
    radius: float,
    samples: int,
    seed: int,
) -> Visits:
    """Visits of the union of balls of one radius around the frames; coverage is its volume, in any dimension.

    The union is sampled as Karp and Luby do (FOCS 1983, 56): a frame by chance, a point of its ball by chance, weighed
    by one over the number of balls that hold the point. The same points, weights unchanged, measure without bias
    the union of any part of the balls.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    simulation : ndarray, shape (n,), int
    rows : ndarray, shape (n,), int
        Row that each point counts from; ascending.
    radius : float
    samples : int
        Relative error is about one over its root.
    seed : int
    """
    from math import gamma, pi

    from scipy.spatial import cKDTree

    rng = np.random.default_rng(seed)
    n, d = points.shape
    direction = rng.normal(size=(samples, d))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    distance = radius * rng.random(samples) ** (1 / d)
    inside = points[rng.integers(n, size=samples)] + distance[:, None] * direction
    # A hair more than the radius: rounding must not put a point outside the ball it was drawn from.
    holders = cKDTree(points).query_ball_point(inside, radius * (1 + 1e-6))
    count = np.array([len(holder) for holder in holders])
    member = np.concatenate([np.asarray(holder, dtype=np.int64) for holder in holders])
    volume = pi ** (d / 2) / gamma(d / 2 + 1) * radius**d
    place = np.repeat(np.arange(samples), count)
    return _first_visits(
        place, np.asarray(simulation)[member], np.asarray(rows)[member], n * volume / samples / count
    )


def _first_visits(
    place: NDArray[np.integer], simulation: NDArray[np.integer], row: NDArray[np.integer], size: NDArray[np.float64]
) -> Visits:  # fmt: skip
    order = np.lexsort((row, simulation, place))
    place, simulation, row = place[order], simulation[order], row[order]
    first = np.ones(len(place), dtype=bool)
    first[1:] = (place[1:] != place[:-1]) | (simulation[1:] != simulation[:-1])
    place, simulation, row = place[first], simulation[first], row[first]
    order = np.lexsort((row, place))
    return Visits(
        place[order].astype(np.int64), simulation[order].astype(np.int64), row[order].astype(np.int64), size
    )
