"""Times to an event that some runs never saw: Kaplan-Meier medians and the log-rank test.

A run that ends before the event is censored at its length: all it says is "not until then". Leaving such runs out, or
taking their length for a time, makes a bad arm look good (Kaplan and Meier, J. Am. Stat. Assoc. 53, 457, 1958).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = ["Survival", "compare", "survival"]


@dataclass(frozen=True)
class Survival:
    """Times to an event over some runs.

    Attributes
    ----------
    median : float
        Kaplan-Meier median; infinite when fewer than half of the runs are known to have seen the event.
    low, high : float
        95% interval of the median, from the log-log interval of the survival function (Brookmeyer and Crowley 1982).
    quartiles : tuple of float
        Times by which a quarter and three quarters of the runs have seen the event; infinite where unknown.
    hits, runs : int
        Runs that saw it, and all.
    """

    median: float
    low: float
    high: float
    quartiles: tuple[float, float]
    hits: int
    runs: int


def survival(times: ArrayLike, ends: ArrayLike) -> Survival:
    """Summarise times to an event.

    Parameters
    ----------
    times : array_like, shape (n,)
        Time of the event in each run; NaN where it was not seen.
    ends : array_like, shape (n,)
        Length of each run.

    Raises
    ------
    ValueError
        When there is no run, or an event lies after its run's end.
    """
    data = _censored(times, ends)
    hits = len(data._uncensored)
    runs = len(np.atleast_1d(np.asarray(ends)))
    if hits == 0:
        return Survival(np.inf, np.inf, np.inf, (np.inf, np.inf), 0, runs)
    curve = stats.ecdf(data).sf
    at, alive = curve.quantiles, curve.probabilities
    with warnings.catch_warnings():
        # Undefined once nobody is left: then the lower bound is nobody, and the upper one unknown.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = curve.confidence_interval(0.95, method="log-log")
    low = np.nan_to_num(interval.low.probabilities, nan=0.0)
    high = np.nan_to_num(interval.high.probabilities, nan=1.0)
    return Survival(
        median=_first(at, alive, 0.5),
        low=_first(at, low, 0.5),
        high=_first(at, high, 0.5),
        quartiles=(_first(at, alive, 0.75), _first(at, alive, 0.25)),
        hits=hits,
        runs=runs,
    )


def compare(ours: tuple[ArrayLike, ArrayLike], theirs: tuple[ArrayLike, ArrayLike]) -> float:
    """Probability of so large a difference between two arms if there were none (log-rank test, two-sided).

    Parameters
    ----------
    ours, theirs : (times, ends)
        As for `survival`.

    Returns
    -------
    float
        One where nothing can be told: at every event either one arm alone was watched, or all that were watched saw it.
    """
    # Such events have no variance, and without any other the test is 0 / 0.
    with np.errstate(invalid="ignore"):
        p = float(stats.logrank(_censored(*ours), _censored(*theirs)).pvalue)
    return 1.0 if np.isnan(p) else p


def _censored(times: ArrayLike, ends: ArrayLike) -> stats.CensoredData:
    seen, until = np.atleast_1d(np.asarray(times, float)), np.atleast_1d(np.asarray(ends, float))
    if len(seen) == 0 or seen.shape != until.shape:
        raise ValueError(
            f"times and ends must be of one length and not empty, not {seen.shape} and {until.shape}"
        )
    hit = np.isfinite(seen)
    if np.any(seen[hit] > until[hit]):
        raise ValueError("an event lies after the end of its run")
    return stats.CensoredData(uncensored=seen[hit], right=until[~hit])


def _first(at: NDArray[np.float64], alive: NDArray[np.float64], level: float) -> float:
    """First time at which no more than `level` of the runs are left."""
    below = np.flatnonzero(alive <= level + 1e-12)
    return float(at[below[0]]) if len(below) else np.inf
