"""Named states: who visited them, when first, and how long that took steered and unsteered simulations.

The time to a first visit is a survival time. A simulation that ended before it came has waited so long in vain (it is
censored), one that began in the state did not wait at all and is left out. The share that has visited by a time is
Kaplan and Meier's (J. Am. Stat. Assoc. 53, 457, 1958), its band that of resampled families. The *mean wait* is all
waiting over the number of visits, as for a constant rate; its interval is the exact one of that rate, with the visits
of one family counted once, because its members are no independent witnesses. Without a visit there is a lower limit
only.

The mean wait of the unsteered simulations is the control: the aggregate time in which unsteered simulations of this
length would have come once, to be compared with the aggregate time at which the campaign came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.axes import Axis, axis_of
from steer.coverage.families import families_of, founders
from steer.coverage.resampling import LEVEL, Band, additive_band, half_samples

if TYPE_CHECKING:
    from steer.config.state import NamedState
    from steer.coverage.data import CoverageData

__all__ = ["StateVisits", "Waiting", "first_visits", "in_range", "membership", "share_visited", "waiting"]

SAMPLES = 100
POINTS = 60


@dataclass(frozen=True)
class Waiting:
    """How long simulations that did not begin in a state took to come there.

    Attributes
    ----------
    simulations, visits, families : int
        How many waited, how many came, and in how many families someone came.
    waited : float
        ns, all together, until the visit or the end.
    mean, low, high : float
        Mean wait, ns; infinite, with a one-sided lower limit, when nobody came.
    time : ndarray, shape (k,)
        ns since the start of a simulation.
    visited : Band
        Share that has visited by then, shape (k,); without a band when nobody came.
    """

    simulations: int
    visits: int
    families: int
    waited: float
    mean: float
    low: float
    high: float
    time: NDArray[np.float64]
    visited: Band


@dataclass(frozen=True)
class StateVisits:
    """Visits of one state.

    Attributes
    ----------
    name, ranges : str
    frames, simulations : int
        CG frames in it, and CG simulations that they are of.
    first : float
        Aggregate CG time (ns) when the campaign first saw it; NaN when it never did.
    total : float
        Aggregate CG time (ns) of the campaign.
    first_by : str
        Which simulation; empty when none.
    refinements : int
        Refinements whose AA frames were in it.
    began : int
        CG simulations that began in it.
    steered, unsteered : Waiting or None
        None without such simulations that did not begin in it.
    """

    name: str
    ranges: str
    frames: int
    simulations: int
    first: float
    total: float
    first_by: str
    refinements: int
    began: int
    steered: Waiting | None
    unsteered: Waiting | None


def in_range(axis: Axis, low: float, high: float) -> NDArray[np.bool_]:
    """Which frames lie between `low` and `high`, shape (n,); through the seam of an angle when `low` is the larger."""
    above, below = axis.values >= low, axis.values <= high
    return above | below if low > high else above & below


def membership(data: CoverageData, state: NamedState) -> NDArray[np.bool_]:
    """Which frames are in a state, shape (n,)."""
    inside = np.ones(len(data.points), dtype=bool)
    for name, (low, high) in state.ranges.items():
        inside &= in_range(axis_of(data, name), low, high)
    return inside


def first_visits(data: CoverageData, state: NamedState, seed: int = 0) -> StateVisits:
    """Who visited a state, and when.

    Parameters
    ----------
    data : CoverageData
    state : NamedState
    seed : int
        Of resampling.
    """
    inside = membership(data, state)
    within, number = inside[data.cg], data.number[data.cg]
    ns = data.frame_interval * 1e-3
    first = int(np.argmax(within)) if within.any() else -1
    numbers, begin = np.unique(number, return_index=True)
    entry, length = _entries(number, numbers, within)
    family = families_of(numbers, founders(data.seeds, data.simulations.values(), data.promotions))
    steered = data.steered()[data.cg][begin]
    waiters = entry != 0
    came = entry > 0
    time = np.where(came, entry, length) * ns
    groups = [
        waiting(time[who], came[who], family[who], seed) if who.any() else None
        for who in (waiters & steered, waiters & ~steered)
    ]
    return StateVisits(
        name=state.name,
        ranges=_told(data, state),
        frames=int(within.sum()),
        simulations=int((entry >= 0).sum()),
        first=(first + 1) * ns if first >= 0 else float("nan"),
        total=len(within) * ns,
        first_by=f"cg-{number[first]:06d}" if first >= 0 else "",
        refinements=len(np.unique(data.number[data.aa & inside])),
        began=int((entry == 0).sum()),
        steered=groups[0],
        unsteered=groups[1],
    )


def _entries(
    number: NDArray[np.integer], numbers: NDArray[np.integer], within: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames of each simulation before its first one in the state (-1: none was), and its frames in all."""
    entry, length = np.empty(len(numbers), np.int64), np.empty(len(numbers), np.int64)
    order = np.argsort(number, kind="stable")
    for i, rows in enumerate(np.split(order, np.searchsorted(number[order], numbers[1:]))):
        entry[i], length[i] = (int(np.argmax(within[rows])) if within[rows].any() else -1), len(rows)
    return entry, length


def _told(data: CoverageData, state: NamedState) -> str:
    return ", ".join(
        f"{name} {low:g} to {high:g} {axis_of(data, name).unit}".rstrip()
        for name, (low, high) in state.ranges.items()
    )


def waiting(
    time: NDArray[np.floating], came: NDArray[np.bool_], family: NDArray[np.integer], seed: int = 0
) -> Waiting:
    """Statistics of waits, some of them in vain.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Until the first visit, or the end; n is at least 1.
    came : ndarray, shape (n,), bool
        Whether there was a visit.
    family : ndarray, shape (n,), int
        Which simulations are no independent witnesses.
    seed : int
    """
    kin = np.unique(family, return_inverse=True)[1].reshape(-1)
    grid = np.linspace(0.0, float(time.max()), POINTS)
    halves = half_samples(np.zeros(kin.max() + 1, np.int64), SAMPLES, seed)[:, kin]
    curves = np.array([share_visited(time[half], came[half], grid) for half in halves])
    band = additive_band(share_visited(time, came, grid), curves, int(kin.max()) + 1)
    visits, witnesses = int(came.sum()), len(np.unique(kin[came]))
    unknown = np.nan if visits == 0 else 0.0
    mean, low, high = _mean_wait(float(time.sum()), visits, witnesses)
    return Waiting(
        simulations=len(time),
        visits=visits,
        families=witnesses,
        waited=float(time.sum()),
        mean=mean,
        low=low,
        high=high,
        time=grid,
        visited=Band(band.estimate, np.clip(band.low, 0, 1) + unknown, np.clip(band.high, 0, 1) + unknown),
    )


def _mean_wait(waited: float, visits: int, witnesses: int) -> tuple[float, float, float]:
    """Mean wait with the interval that `witnesses` events of a Poisson process leave (Garwood, Biometrika 28, 437)."""
    from scipy.stats import chi2

    if visits == 0:
        return float("inf"), 2 * waited / float(chi2.ppf(LEVEL, 2)), float("inf")
    mean, tail = waited / visits, (1 - LEVEL) / 2
    low = mean * 2 * witnesses / float(chi2.ppf(1 - tail, 2 * witnesses + 2))
    return mean, low, mean * 2 * witnesses / float(chi2.ppf(tail, 2 * witnesses))


def share_visited(
    time: NDArray[np.floating], came: NDArray[np.bool_], grid: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Kaplan and Meier's estimate of the share that has visited by each time.

    Parameters
    ----------
    time : ndarray, shape (n,)
    came : ndarray, shape (n,), bool
    grid : ndarray, shape (k,)

    Returns
    -------
    ndarray, shape (k,)
        NaN after the longest wait.
    """
    moments, events = np.unique(time[came], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
    staying = np.concatenate([[1.0], np.cumprod(1 - events / np.maximum(at_risk, 1))])
    share = 1 - staying[np.searchsorted(moments, grid, side="right")]
    return np.where(grid <= time.max(initial=0.0) + 1e-12, share, np.nan)
