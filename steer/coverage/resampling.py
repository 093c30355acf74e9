"""Error bands by resampling simulations.

Frames of one simulation follow from each other, and a steered simulation from the one that found its start, so the
family (`steer.coverage.families`) is the unit that is drawn. Halves are drawn without
replacement (the delete-half jackknife: Shao and Wu, Ann. Statist. 17, 1176, 1989), because a simulation drawn twice,
as the ordinary bootstrap does, occupies no cell that it does not occupy once: it would bias coverage downwards. The
spread over halves of n simulations estimates the spread of the statistic of all n, also where it is not smooth, as a
largest distance is. Families with steered members and families of one unsteered simulation are halved separately.

What the bands do not know: a selection looks at the frames of all families.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVEL", "MIN_SIMULATIONS", "Band", "additive_band", "family_halves", "half_samples", "ratio_band"]

LEVEL = 0.95
"""Confidence of all bands."""

MIN_SIMULATIONS = 4
"""Fewer simulations than this give no band."""


@dataclass(frozen=True)
class Band:
    """An estimate with its interval, NaN where there are too few simulations for one.

    Attributes
    ----------
    estimate, low, high : ndarray, shape (n,)
    """

    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def half_samples(strata: NDArray[np.integer], samples: int, seed: int) -> NDArray[np.bool_]:
    """Random halves of each stratum.

    Parameters
    ----------
    strata : ndarray, shape (n,), int
        Stratum of each simulation. A stratum of one is always kept; odd ones are rounded up or down by chance.
    samples : int
    seed : int

    Returns
    -------
    ndarray, shape (samples, n), bool
        Which simulations each half keeps.
    """
    rng = np.random.default_rng(seed)
    keep = np.zeros((samples, len(strata)), dtype=bool)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        for row in keep:
            size = max(1, (len(members) + int(rng.integers(2))) // 2)
            row[rng.choice(members, size=size, replace=False)] = True
    return keep


def family_halves(
    family: NDArray[np.integer], unsteered: NDArray[np.bool_], samples: int, seed: int
) -> NDArray[np.bool_]:
    """Random halves of the families, as the simulations that are in them.

    Parameters
    ----------
    family : ndarray, shape (n,), int
        Of each simulation, counted from 0.
    unsteered : ndarray, shape (n,), bool
        Whether it started without a selection.
    samples, seed : int

    Returns
    -------
    ndarray, shape (samples, n), bool
    """
    has_steered = np.bincount(family, ~np.asarray(unsteered)) > 0
    return half_samples(has_steered.astype(np.int64), samples, seed)[:, family]


def ratio_band(
    estimate: NDArray[np.floating], halves: NDArray[np.floating], simulations: int | NDArray[np.integer]
) -> Band:
    """The band of a positive quantity: its logarithm is taken as t-distributed.

    Parameters
    ----------
    estimate : ndarray, shape (n,)
    halves : ndarray, shape (samples, n)
        The same of each half.
    simulations : int or ndarray, shape (n,)
        Simulations behind each value: one more than the degrees of freedom. Below `MIN_SIMULATIONS` the band is NaN.
    """
    value = np.asarray(estimate, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = _quantile(simulations) * _deviation(np.log(halves))
        return Band(value, value * np.exp(-width), value * np.exp(width))


def additive_band(
    estimate: NDArray[np.floating], halves: NDArray[np.floating], simulations: int | NDArray[np.integer]
) -> Band:
    """The band of a quantity that may be zero: estimate plus and minus a t-quantile of standard errors.

    Parameters
    ----------
    estimate, halves, simulations
        As of `ratio_band`.
    """
    value = np.asarray(estimate, dtype=np.float64)
    width = _quantile(simulations) * _deviation(halves)
    return Band(value, value - width, value + width)


def _quantile(simulations: int | NDArray[np.integer]) -> NDArray[np.float64]:
    from scipy.stats import t

    count = np.asarray(simulations)
    quantile = t.ppf(0.5 + LEVEL / 2, np.maximum(count - 1, 1))
    return np.where(count >= MIN_SIMULATIONS, quantile, np.nan)


def _deviation(halves: NDArray[np.floating]) -> NDArray[np.float64]:
    finite = np.isfinite(halves)
    count = finite.sum(axis=0)
    values = np.where(finite, halves, 0.0)
    mean = values.sum(axis=0) / np.maximum(count, 1)
    squares = np.where(finite, (halves - mean) ** 2, 0.0).sum(axis=0)
    return np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
