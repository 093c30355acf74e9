"""Greedy farthest-point selection (Gonzalez, Theor. Comput. Sci. 38, 293, 1985).

Each pick is the candidate farthest from everything selected so far, the picks of this batch included. The covering
radius that results is at most twice the best possible one. It is found among the few candidates at the edge, whose
distances alone are kept up to date (`steer.selection.reach`); the picks are the same as if all were looked at.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from steer.selection.protocol import Picks, Pool
from steer.selection.reach import Reach, squared_to_nearest

__all__ = ["FarthestPoint"]

EDGE = 4
"""Candidates looked at together, for each pick wanted."""

LEAST = 8192
"""And at least."""

CLOSED = np.float32(-1.0)
"""Squared distance of a candidate that may not be picked any more: below every true one."""


class FarthestPoint:
    """Greedy farthest point. The score of a pick is its distance to the nearest selected point when picked."""

    name = "farthest_point"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; with nothing selected yet, start far from the mean."""
        if len(pool.selected):
            return _greedy(pool, _reach(pool), count)
        reach = Reach(_table(pool))
        reach.add(pool.points.mean(axis=0, dtype=np.float64)[None, :])
        first = _greedy(pool, reach, 1)
        if count == 1 or not len(first.indices):
            return first
        rest = pool.after(first)
        return first.and_then(_greedy(rest, _reach(rest), count - 1))


def _table(pool: Pool) -> NDArray[np.float32]:
    return np.asarray(pool.points, dtype=np.float32)


def _reach(pool: Pool) -> Reach:
    """What is known of the candidates' distances, free to be taken further."""
    reach = Reach(_table(pool)) if pool.reach is None else pool.reach.fork()
    reach.add(pool.selected[reach.chosen :])
    return reach


def _edge(count: int) -> int:
    return max(LEAST, EDGE * count)


def _greedy(pool: Pool, reach: Reach, count: int) -> Picks:
    indices: list[int] = []
    scores: list[float] = []
    taken: Counter[int] = Counter()
    full: set[int] = set()
    edge, limit = _edge(count), np.inf
    while len(indices) < count and limit >= 0:
        guess, before = reach.guess(edge), len(indices)
        limit = min(guess, 0.9 * limit) if guess > 0 else -1.0
        if pool.reach is not None:
            # What is true without this batch is learnt where the next choice finds it.
            pool.reach.learn(limit)
            reach.catch_up(pool.reach)
        rows, near = reach.beyond(limit)
        free = (pool.room[rows] > 0) & ~np.isin(pool.parents[rows], list(full))
        free &= ~np.isin(rows, indices)
        rows, near = rows[free], near[free]
        columns, parents = np.ascontiguousarray(_table(pool)[rows].T), pool.parents[rows]
        while len(rows) and len(indices) < count:
            place = int(np.argmax(near))
            if near[place] <= limit:
                break
            indices.append(int(rows[place]))
            scores.append(float(near[place]) ** 0.5)
            point = columns[:, place : place + 1].T
            reach.add(point)
            np.minimum(near, squared_to_nearest(columns, point), out=near)
            near[place] = CLOSED
            parent = int(parents[place])
            taken[parent] += 1
            if taken[parent] >= pool.room[rows[place]]:
                full.add(parent)
                near[parents == parent] = CLOSED
        if len(indices) == before:
            edge *= 4
    return Picks(np.array(indices, dtype=np.int64), np.array(scores))
