"""Least density first, by the distance to the k-th nearest frame (Loftsgaarden and Quesenberry, Ann. Math. Stat. 36,
1049, 1965).

A batch is the top of the ranked list: its picks do not know of each other.
"""

from __future__ import annotations

import numpy as np

from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import take_best
from steer.selection.reference import lookup, reference_rows

__all__ = ["NEIGHBOURS", "KnnDensity"]

NEIGHBOURS = 10
"""k."""


class KnnDensity:
    """Distance to the tenth nearest of all candidates and selected points (a sample of them when there are many)."""

    name = "knn_density"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; a single frame has no neighbour, hence no score."""
        from sklearn.neighbors import NearestNeighbors

        candidates = pool.points
        inside = reference_rows(len(candidates), rng)
        references = np.concatenate([candidates[inside], pool.selected])
        scores = np.full(len(candidates), np.nan)
        if len(references) > 1:
            model = NearestNeighbors(
                n_neighbors=min(NEIGHBOURS, len(references) - 1), algorithm=lookup(candidates.shape[1])
            ).fit(references)
            scores[inside] = model.kneighbors()[0][: inside.sum(), -1]
            if not inside.all():
                scores[~inside] = model.kneighbors(candidates[~inside])[0][:, -1]
        return take_best(scores, count, pool)
