"""Starts where starting was done least and where what was started did not fall back.

Rules of distance lose most starts to the rim of a basin: the walls about it are as far from everything as the pass that
leads out of it, and there is more of them, the more so the more dimensions there are. From a wall a simulation falls
back to where it came from within a segment; on a pass it stays out. So each simulation has a *retention*: how novel its
last frame is over how novel its first. A candidate's score is its own novelty times the geometric mean of the
retentions of the simulations that began about it.

Novelty is the mean distance to the twenty nearest selected points, those of the same batch included: DynIm's measure
(`steer.selection.dynim_batch`) over twice as many, so that a place is given up only after about that many starts, which
a high pass takes. Retentions are known only where simulations have been; one of no effect is added to each mean, so
that a few count for less than many. They are looked up for the most novel candidates only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.nearest_selected import NearestSelected
from steer.selection.protocol import Picks, Pool
from steer.selection.reference import lookup, reference_rows

__all__ = ["NEAREST", "SIMULATIONS", "Frontier", "retentions"]

NEAREST = 20
"""Selected points that count for a candidate's novelty."""

SIMULATIONS = 10
"""Simulations that count for the retention about a candidate."""

TOGETHER = 4096
"""Candidates whose retentions are looked up together."""

SMALLEST = 1e-6
"""Novelty, in units of the largest, below which frames are told apart no more."""


class Frontier:
    """Mean distance to the twenty nearest selected points, times the retention about the candidate."""

    name = "frontier"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, start far from the mean."""
        cloud, caps = PointCloud(pool.points), Caps(pool)
        nearest = NearestSelected(pool.points, pool.selected, NEAREST)
        novelty = nearest.mean if len(pool.selected) else np.sqrt(cloud.squared_to(cloud.mean))
        about = _Retention(pool.points, *retentions(pool.points, pool.parents, novelty, rng))
        picked: list[int] = []
        scores: list[float] = []
        while len(picked) < count and caps.open.any():
            pick, score = about.best(novelty, caps.open)
            picked.append(pick)
            scores.append(score)
            caps.take(pick)
            nearest.add(np.sqrt(cloud.squared_to(pool.points[pick])))
            novelty = nearest.mean
        return Picks(np.array(picked, dtype=np.int64), np.array(scores))


class _Retention:
    """Retention about each point: geometric mean over the simulations that began nearest to it and one of no effect.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    places : ndarray, shape (p, d)
        Where simulations began.
    logs : ndarray, shape (p,)
        Logarithms of their retentions.
    """

    def __init__(
        self,
        points: NDArray[np.floating],
        places: NDArray[np.floating],
        logs: NDArray[np.float64],
    ) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._points, self._logs, self._kept = points, logs, min(SIMULATIONS, len(places))
        self._model = NearestNeighbors(n_neighbors=self._kept, algorithm=lookup(points.shape[1])).fit(places)
        highest = np.sort(logs)[::-1][: self._kept].sum() / (self._kept + 1)
        self._bound = np.full(len(points), np.exp(highest))
        self._known = np.zeros(len(points), dtype=bool)

    def best(self, novelty: NDArray[np.floating], open_: NDArray[np.bool_]) -> tuple[int, float]:
        """Open candidate of the largest novelty times retention, and that product."""
        while True:
            score = np.where(open_, novelty * self._bound, -np.inf)
            row = int(np.argmax(score))
            if self._known[row]:
                return row, float(score[row])
            score[self._known] = -np.inf
            unknown = np.flatnonzero(np.isfinite(score))
            if len(unknown) > TOGETHER:
                unknown = unknown[np.argpartition(-score[unknown], TOGETHER)[:TOGETHER]]
            self._look_up(unknown)

    def _look_up(self, rows: NDArray[np.int64]) -> None:
        nearest = self._model.kneighbors(self._points[rows], return_distance=False)
        self._bound[rows] = np.exp(self._logs[nearest].sum(axis=1) / (self._kept + 1))
        self._known[rows] = True


def retentions(
    points: NDArray[np.floating],
    parents: NDArray[np.integer],
    novelty: NDArray[np.floating],
    rng: np.random.Generator,
) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    """Where simulations began, and the logarithms of their retentions.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Frames; those of one simulation in the order of time.
    parents : ndarray, shape (n,), int
        The simulation of each.
    novelty : ndarray, shape (n,)
    rng : numpy.random.Generator
        Draws the sample that stands for very many simulations.

    Returns
    -------
    places : ndarray, shape (p, d)
        First frames.
    logs : ndarray, shape (p,), float64
        Logarithm of the last frame's novelty over the first one's.
    """
    first = np.unique(parents, return_index=True)[1]
    last = len(parents) - 1 - np.unique(parents[::-1], return_index=True)[1]
    inside = reference_rows(len(first), rng)
    first, last = first[inside], last[inside]
    floor = SMALLEST * max(float(novelty.max()), float(np.finfo(np.float32).tiny))
    logs = np.log(np.maximum(novelty[last], floor).astype(float) / np.maximum(novelty[first], floor))
    return points[first], logs
