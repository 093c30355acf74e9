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

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.protocol import Picks, Pool
from steer.selection.reference import lookup, reference_rows
from steer.selection.ten_nearest import TenNearest

__all__ = ["NEAREST", "SIMULATIONS", "Frontier", "retentions"]

NEAREST = 20
"""Selected points that count for a candidate's novelty."""

SIMULATIONS = 10
"""Simulations that count for the retention about a candidate."""

LEAST, EACH = 4096, 64
"""Candidates looked at together: at least, and for each pick wanted; the most novel ones."""

SMALLEST = 1e-6
"""Novelty, in units of the largest, below which frames are told apart no more."""


class Frontier:
    """Mean distance to the twenty nearest selected points, times the retention about the candidate."""

    name = "frontier"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, the first lies far from the mean."""
        novelty = _novelty(pool)
        places, logs = retentions(pool.points, pool.parents, novelty, rng)
        made = Picks.none()
        while len(made.indices) < count and (pool.room > 0).any():
            rows = _most_novel(novelty, pool, max(LEAST, EACH * count))
            picks = _greedy(pool, rows, _about(pool.points[rows], places, logs), count - len(made.indices))
            pool = pool.after(picks)
            made = Picks(
                np.concatenate([made.indices, picks.indices]), np.concatenate([made.scores, picks.scores])
            )
        return made


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
    floor = SMALLEST * max(float(novelty.max()), np.finfo(np.float32).tiny)
    logs = np.log(np.maximum(novelty[last], floor).astype(float) / np.maximum(novelty[first], floor))
    return points[first], logs


def _novelty(pool: Pool) -> NDArray[np.floating]:
    if len(pool.selected):
        return TenNearest(pool.points, pool.selected, NEAREST).mean
    cloud = PointCloud(pool.points)
    return np.sqrt(cloud.squared_to(cloud.mean))


def _most_novel(novelty: NDArray[np.floating], pool: Pool, count: int) -> NDArray[np.int64]:
    """Rows of the open candidates of largest novelty, rising."""
    open_ = np.flatnonzero(pool.room > 0)
    if len(open_) <= count:
        return open_
    return np.sort(open_[np.argpartition(-novelty[open_], count)[:count]])


def _about(
    points: NDArray[np.floating], places: NDArray[np.floating], logs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Retention about each point: geometric mean over the simulations that began nearest to it and one of no effect."""
    from sklearn.neighbors import NearestNeighbors

    kept = min(SIMULATIONS, len(places))
    model = NearestNeighbors(n_neighbors=kept, algorithm=lookup(points.shape[1])).fit(places)
    nearest = model.kneighbors(points, return_distance=False)
    return np.asarray(np.exp(logs[nearest].sum(axis=1) / (kept + 1)))


def _greedy(pool: Pool, rows: NDArray[np.int64], retention: NDArray[np.float64], count: int) -> Picks:
    """Picks among these rows that know of each other."""
    points = pool.points[rows]
    part = replace(pool, points=points, parents=pool.parents[rows], room=pool.room[rows], reach=None)
    cloud, caps, nearest = PointCloud(points), Caps(part), TenNearest(points, pool.selected, NEAREST)
    novelty = nearest.mean if len(pool.selected) else np.sqrt(cloud.squared_to(cloud.mean))
    picked: list[int] = []
    scores: list[float] = []
    while len(picked) < count and caps.open.any():
        score = novelty * retention
        pick = int(np.argmax(np.where(caps.open, score, -np.inf)))
        picked.append(pick)
        scores.append(float(score[pick]))
        caps.take(pick)
        nearest.add(np.sqrt(cloud.squared_to(points[pick])))
        novelty = nearest.mean
    return Picks(rows[np.array(picked, dtype=np.int64)], np.array(scores))
