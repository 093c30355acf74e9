"""The control: what unsteered simulations of the same aggregate time would have covered.

A campaign keeps a share of its CG simulations unsteered: they start from the input structure, no selection has a say.
From which cells how many of these n simulations visited follows what k of them cover, on average, for k up to n
(rarefaction), and an estimate for k beyond n (extrapolation with the Chao2 estimate of cells never visited): Colwell
et al., J. Plant Ecol. 5, 3 (2012), eqs 17 and 18, with simulations as sampling units, so that nothing is assumed about
the frames within one.

Limits, to be said wherever the control is shown:

- It stands for *many simulations as long as the campaign's own*, not for one long one.
- Chao2 counts cells never visited from those visited by one or two simulations, and is a lower bound: far beyond the
  unsteered time (`TRUSTED` times it, say) the control may be too low, and the gain of steering too high.
- What lies behind a barrier that no unsteered simulation crossed is unknown to it.
- With fewer than two unsteered simulations there is no control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steer.coverage.resampling import Band, additive_band, ratio_band
from steer.coverage.visits import Visits

__all__ = [
    "TRUSTED",
    "Control",
    "Gain",
    "expected_cells",
    "gain_of_steering",
    "unsteered_control",
    "unsteered_discovery",
]

TRUSTED = 3.0
"""Times the unsteered time up to which extrapolation is usually trusted (Chao et al., Ecol. Monogr. 84, 45, 2014)."""


@dataclass(frozen=True)
class Control:
    """Expected coverage, or another measure, of unsteered simulations.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Aggregate CG time, ns.
    cells : Band
        Occupied cells, or the other measure; shape (k,).
    own_time : float
        ns of unsteered simulation that there were; beyond it the control is extrapolated.
    simulations : int
        How many there were.
    """

    time: NDArray[np.float64]
    cells: Band
    own_time: float
    simulations: int


@dataclass(frozen=True)
class Gain:
    """Cells the campaign covered over cells the control would have covered in the same aggregate time.

    Attributes
    ----------
    time : float
        That time, ns.
    ratio, low, high : float
        NaN where there is no control, or no band.
    extrapolation : float
        Times the unsteered time; 1 and less is interpolated.
    """

    time: float
    ratio: float
    low: float
    high: float
    extrapolation: float


def expected_cells(
    incidence: NDArray[np.integer], simulations: int, sizes: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Cells that some number of such simulations would visit, on average.

    Parameters
    ----------
    incidence : ndarray, shape (cells,), int
        By how many of the simulations each cell was visited; zeros are ignored.
    simulations : int
        How many there were.
    sizes : ndarray, shape (k,)
        For how many to say it; fractions are interpolated.

    Returns
    -------
    ndarray, shape (k,)
        NaN beyond `simulations` when that is 1.
    """
    seen = np.bincount(np.asarray(incidence), minlength=simulations + 1)[1:]
    sizes = np.asarray(sizes, dtype=float)
    capped = np.clip(sizes, 0, simulations)
    whole = np.union1d(np.floor(capped), np.ceil(capped))
    inside = np.interp(capped, whole, [_rarefied(seen, simulations, int(k)) for k in whole])
    return inside + np.where(sizes > simulations, _unseen(seen, simulations, sizes - simulations), 0.0)


def _rarefied(seen: NDArray[np.integer], n: int, k: int) -> float:
    """`seen[y - 1]` cells were visited by y of n simulations; the mean number that k of them visit."""
    from scipy.special import gammaln

    y = np.arange(1, n + 1)
    missing = np.zeros(n)
    possible = n - y >= k
    a = y[possible]
    missing[possible] = np.exp(
        gammaln(n - a + 1) - gammaln(n - a - k + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    )
    return float((seen[:n] * (1 - missing)).sum())


def _unseen(seen: NDArray[np.integer], n: int, more: NDArray[np.floating]) -> NDArray[np.float64]:
    """New cells in so many more simulations."""
    if n < 2:
        return np.full(len(more), np.nan)
    once, twice = float(seen[0]), float(seen[1])
    never = (n - 1) / n * (once**2 / (2 * twice) if twice else once * (once - 1) / 2)
    if never <= 0:
        return np.zeros(len(more))
    return never * (1 - (1 - once / (n * never + once)) ** np.maximum(more, 0))


def unsteered_control(
    visits: Visits,
    unsteered: NDArray[np.bool_],
    lengths: NDArray[np.floating],
    until: float,
    halves: NDArray[np.bool_],
    points: int = 60,
) -> Control | None:
    """What unsteered simulations would have covered, from one of them to the campaign's whole time.

    Parameters
    ----------
    visits : Visits
        Of cells, by all CG simulations.
    unsteered : ndarray, shape (simulations,), bool
    lengths : ndarray, shape (simulations,)
        ns of each.
    until : float
        ns.
    halves : ndarray, shape (samples, simulations), bool
    points : int
        Of the curve.

    Returns
    -------
    Control or None
        None with fewer than two unsteered simulations.
    """
    n = int(unsteered.sum())
    if n < 2 or lengths[unsteered].sum() <= 0:
        return None
    own = float(lengths[unsteered].sum())
    time = np.linspace(own / n, max(until, own), points)
    replicates = np.array([_expected_at(visits, unsteered & half, lengths, time) for half in halves])
    cells = ratio_band(_expected_at(visits, unsteered, lengths, time), replicates, n)
    return Control(time, cells, own, n)


def unsteered_discovery(
    visits: Visits,
    unsteered: NDArray[np.bool_],
    lengths: NDArray[np.floating],
    windows: NDArray[np.floating],
    halves: NDArray[np.bool_],
) -> Band | None:
    """New cells per ns that unsteered simulations would have found; NaN beyond `TRUSTED` times the unsteered time.

    Parameters
    ----------
    visits, unsteered, lengths, halves
        As of `unsteered_control`.
    windows : ndarray, shape (w + 1,)
        Edges of the intervals, ns.

    Returns
    -------
    Band or None
        Shape (w,); None with fewer than two unsteered simulations.
    """
    n, own = int(unsteered.sum()), float(lengths[unsteered].sum())
    if n < 2 or own <= 0:
        return None

    def rate(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = np.diff(_expected_at(visits, chosen, lengths, windows)) / np.diff(windows)
        return np.where(windows[1:] <= TRUSTED * own, found, np.nan)

    replicates = np.array([rate(unsteered & half) for half in halves])
    band = additive_band(rate(unsteered), replicates, n)
    return Band(band.estimate, np.maximum(band.low, 0), band.high)


def _expected_at(
    visits: Visits, chosen: NDArray[np.bool_], lengths: NDArray[np.floating], time: NDArray[np.floating]
) -> NDArray[np.float64]:
    n = int(chosen.sum())
    return expected_cells(visits.incidence(chosen), n, time / lengths[chosen].mean())


def gain_of_steering(
    visits: Visits,
    unsteered: NDArray[np.bool_],
    lengths: NDArray[np.floating],
    halves: NDArray[np.bool_],
) -> Gain:
    """How much more was covered than unsteered simulations of the same aggregate time would have covered.

    Campaign and control are resampled together: the unsteered simulations are part of both.
    """
    total, own, n = float(lengths.sum()), float(lengths[unsteered].sum()), int(unsteered.sum())
    if n < 2 or own <= 0:
        return Gain(total, float("nan"), float("nan"), float("nan"), float("inf"))
    everyone = np.ones(len(unsteered), dtype=bool)
    ratio = _ratio(visits, everyone, unsteered, lengths)
    replicates = np.array([[_ratio(visits, half, unsteered & half, lengths)] for half in halves])
    band = ratio_band(np.array([ratio]), replicates, n)
    return Gain(total, ratio, float(band.low[0]), float(band.high[0]), total / own)


def _ratio(
    visits: Visits, chosen: NDArray[np.bool_], unsteered: NDArray[np.bool_], lengths: NDArray[np.floating]
) -> float:
    covered = np.count_nonzero(visits.incidence(chosen))
    expected = _expected_at(visits, unsteered, lengths, np.array([lengths[chosen].sum()]))[0]
    return float(covered / expected)
