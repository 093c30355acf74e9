"""The control of measures that are pooled over simulations: volume, evenness, covering radius.

What unsteered simulations of some aggregate time would have shown is the mean over random subsets of the campaign's own
unsteered simulations, as many as fit into that time. It ends where they end: none of these measures has an estimate of
what was never seen, as the number of cells has (`steer.coverage.control`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.control import Control
from steer.coverage.resampling import Band, additive_band, ratio_band

__all__ = ["Pooled", "pooled_control"]

POINTS = 12
ORDERS = 12
ORDERS_OF_A_HALF = 2


@dataclass(frozen=True)
class Pooled:
    """A measure as something that simulations add to, one after the other.

    Attributes
    ----------
    rows : ndarray, shape (simulations, m)
        What each simulation brings.
    pool : numpy.ufunc
        Pools rows: `numpy.add`, `numpy.logical_or`, `numpy.minimum`.
    value : callable
        From pooled rows, shape (k, m), and the simulations that there are, shape (simulations,) bool, to the measure,
        shape (k,).
    additive : bool
        Whether it may be zero, so that its band is not that of a ratio.
    """

    rows: NDArray[Any]
    pool: np.ufunc
    value: Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[np.float64]]
    additive: bool = False

    def means(
        self,
        members: NDArray[np.int64],
        sizes: NDArray[np.int64],
        keep: NDArray[np.bool_],
        orders: int,
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Mean over random orders of `members` of the measure of the first `sizes` of them, shape (k,)."""
        whole, place = np.unique(sizes, return_inverse=True)
        curves = []
        for _ in range(orders):
            order = rng.permutation(members)[: whole[-1]]
            parts = self.pool.reduceat(self.rows[order], np.concatenate([[0], whole[:-1]]), axis=0)
            curves.append(self.value(self.pool.accumulate(parts, axis=0), keep))
        return np.mean(curves, axis=0)[place.reshape(-1)]


def pooled_control(
    measure: Pooled,
    unsteered: NDArray[np.bool_],
    lengths: NDArray[np.floating],
    halves: NDArray[np.bool_],
    seed: int = 0,
) -> Control | None:
    """What unsteered simulations would have shown, from one of them to all that there were.

    Parameters
    ----------
    measure : Pooled
    unsteered : ndarray, shape (simulations,), bool
    lengths : ndarray, shape (simulations,)
        ns of each.
    halves : ndarray, shape (samples, simulations), bool
        For the band. A half of the simulations stands for half of the time, as for the campaign's own band.
    seed : int
        Of the orders.

    Returns
    -------
    Control or None
        None with fewer than two unsteered simulations.
    """
    n = int(unsteered.sum())
    if n < 2 or lengths[unsteered].sum() <= 0:
        return None
    rng = np.random.default_rng(seed)
    sizes = np.unique(np.linspace(1, n, POINTS).round().astype(np.int64))
    everyone = np.ones(len(unsteered), dtype=bool)
    estimate = measure.means(np.flatnonzero(unsteered), sizes, everyone, ORDERS, rng)
    replicates = []
    for half in halves:
        members = np.flatnonzero(unsteered & half)
        if len(members):
            scaled = np.maximum(1, (sizes * len(members) / n).round().astype(np.int64))
            replicates.append(measure.means(members, scaled, half, ORDERS_OF_A_HALF, rng))
    band = (additive_band if measure.additive else ratio_band)(estimate, np.array(replicates), n)
    own = float(lengths[unsteered].sum())
    return Control(sizes * own / n, _within(band, measure.additive), own, n)


def _within(band: Band, additive: bool) -> Band:
    return Band(band.estimate, np.maximum(band.low, 0), band.high) if additive else band
