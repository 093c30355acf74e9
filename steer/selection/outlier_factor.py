"""Local outlier factor in the latent space: DeepDriveMD's rule.

How much thinner the data are about a frame than about its neighbours (Breunig et al., SIGMOD 2000). DeepDriveMD
restarts simulations from the largest (Lee et al., DLS 2019; Brace et al., IPDPS 2022). A batch is the top of the
ranked list: its picks do not know of each other.
"""

from __future__ import annotations

import numpy as np

from steer.selection.protocol import Picks, Pool
from steer.selection.ranking import take_best
from steer.selection.reference import lookup, reference_rows

__all__ = ["NEIGHBOURS", "OutlierFactor"]

NEIGHBOURS = 20
"""Neighbours of the local density, as in the paper's and scikit-learn's advice."""


class OutlierFactor:
    """Local outlier factor among all candidates and selected points (a sample of them when there are many)."""

    name = "outlier_factor"

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says; a single frame has no neighbour, hence no score."""
        from sklearn.neighbors import LocalOutlierFactor

        candidates = pool.points
        inside = reference_rows(len(candidates), rng)
        references = np.concatenate([candidates[inside], pool.selected])
        scores = np.full(len(candidates), np.nan)
        if len(references) > 1:
            model = LocalOutlierFactor(
                n_neighbors=min(NEIGHBOURS, len(references) - 1),
                algorithm=lookup(candidates.shape[1]),
                novelty=True,
            ).fit(references)
            scores[inside] = -model.negative_outlier_factor_[: inside.sum()]
            if not inside.all():
                scores[~inside] = -model.score_samples(candidates[~inside])
        return take_best(scores, count, pool)
