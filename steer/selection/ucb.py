"""Upper confidence bounds: novelty, weighed against what starting from a parent's frames has yielded so far.

UCB1 (Auer, Cesa-Bianchi and Fischer, Mach. Learn. 47, 235, 2002) with the parents as arms, as AdaptiveBandit has it for
states (Pérez, Herrera-Nieto, Doerr and De Fabritiis, J. Chem. Theory Comput. 16, 4685, 2020). A parent's reward is the
number of new cells that it and the simulations started from its frames have seen, for each of these simulations; the
bound adds what the reward may still turn out to be, which is more the less was tried. A candidate's score is its
distance to the nearest selected point times its parent's bound: among parents that yielded the same, this is farthest
point, and a dead end is left for a while, however far away it lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steer.selection.caps import Caps
from steer.selection.distances import PointCloud
from steer.selection.protocol import Picks, Pool

__all__ = ["EXPLORATION", "UpperConfidence", "bounds"]

EXPLORATION = 1.0
"""Weight of what was tried little against what yielded much: that of UCB1, for rewards between 0 and 1."""


class UpperConfidence:
    """Distance to the nearest selected point times the upper confidence bound of the parent."""

    name = "ucb"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; every pick counts as a start of its parent."""
        cloud, caps = PointCloud(pool.points), Caps(pool)
        squared = cloud.nearest(pool.selected) if len(pool.selected) else cloud.squared_to(cloud.mean)
        parents, arm = np.unique(pool.parents, return_inverse=True)
        gains, tries = _padded(pool.yields.gains, parents), 1.0 + _padded(pool.yields.starts, parents)
        indices: list[int] = []
        scores: list[float] = []
        while len(indices) < count and caps.open.any():
            score = np.sqrt(squared) * bounds(gains, tries)[arm]
            pick = int(np.argmax(np.where(caps.open, score, -np.inf)))
            indices.append(pick)
            scores.append(float(score[pick]))
            tries[arm[pick]] += 1
            caps.take(pick)
            if len(indices) == 1 and not len(pool.selected):
                squared = cloud.squared_to(pool.points[pick])
            else:
                cloud.lower(squared, pool.points[pick])
        return Picks(np.array(indices, dtype=np.int64), np.array(scores))


def bounds(gains: NDArray[np.float64], tries: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper confidence bound of each parent's reward, the best mean reward being one.

    Parameters
    ----------
    gains : ndarray, shape (p,)
        Cells first seen, not negative.
    tries : ndarray, shape (p,)
        Simulations that saw them, at least one.
    """
    reward = gains / tries
    best = reward.max()
    doubt = np.sqrt(2 * np.log(tries.sum()) / tries)
    return np.asarray((reward / best if best > 0 else reward) + EXPLORATION * doubt)


def _padded(table: NDArray[np.number], parents: NDArray[np.integer]) -> NDArray[np.float64]:
    """The table's entries of these parents, zero beyond its end."""
    values = np.zeros(len(parents))
    known = parents < len(table)
    values[known] = table[parents[known]]
    return values
