"""A Markov state model of the CG frames, with intervals, and with the reasons not to believe it.

Frames are put into microstates by k-means in the latent space; transitions are counted at several lag times in the
largest connected set, and reversible transition matrices are drawn from their posterior (Trendelkamp-Schroer et al.,
J. Chem. Phys. 143, 174101, 2015) with deeptime (Hoffmann et al., Mach. Learn.: Sci. Technol. 3, 015009, 2022). Counts
are those of overlapping windows divided by the lag, because windows that overlap are no independent transitions. An implied timescale that stays the same with
growing lag is one that the model gets right.

Counting transitions instead of frames removes the bias of *where* simulations were started, as long as a microstate
forgets how it was entered within a lag time. What it does not remove is said in `RESTARTED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.resampling import LEVEL

if TYPE_CHECKING:
    from deeptime.markov import TransitionCountModel

__all__ = ["RESTARTED", "MarkovModel", "discrete_trajectories", "markov_model", "timescales_at"]

RESTARTED = (
    "{steered} of {all} simulations were started by a selection. Counting transitions does not depend on where they "
    "started, but frames chosen for being rare are not those that a microstate holds at equilibrium: short lags are "
    "biased, and slow processes look too fast."
)

TIMESCALES = 3
LAGS = 8
SAMPLES = 200
COUNTS_PER_STATE = 5
"""Effective transitions a microstate below which a lag tells more of the prior than of the simulations."""
BURN_IN = 20
"""Draws left out: the sampler begins at the most likely matrix."""
FRAMES_PER_STATE = 100
MOST_STATES = 100
CONNECTED = 0.95
CROSSINGS = 10
FRAMES_CLUSTERED = 50_000


@dataclass(frozen=True)
class MarkovModel:
    """Implied timescales, and the equilibrium that the transitions tell of.

    Attributes
    ----------
    lags : ndarray, shape (k,)
        ns.
    timescales, low, high : ndarray, shape (k, m)
        ns, slowest first, median and 95% interval of one posterior; NaN where there is none.
    lag : float
        ns, of the model that the rest is told of: the shortest whose slowest timescale agrees with all longer ones.
    microstates, connected : int
        How many there are, and how many are in the largest connected set.
    share : float
        Share of the frames in that set.
    crossings : float
        Effective number of transitions between the two sides of the slowest process.
    weights : ndarray, shape (n,)
        Of each frame, as the model's equilibrium has it; zero outside the connected set.
    simulations : int
    warnings : list of str
        Full sentences; with none the data were enough.
    notes : list of str
        What holds however much data there is.
    """

    lags: NDArray[np.float64]
    timescales: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    lag: float
    microstates: int
    connected: int
    share: float
    crossings: float
    weights: NDArray[np.float64]
    simulations: int
    warnings: list[str]
    notes: list[str]


def markov_model(
    points: NDArray[np.floating],
    simulation: NDArray[np.integer],
    step: NDArray[np.integer],
    frame_interval: float,
    steered: int = 0,
    force_fields: int = 1,
    seed: int = 0,
) -> MarkovModel | None:
    """Estimate the model.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Latent points of CG frames.
    simulation : ndarray, shape (n,), int
    step : ndarray, shape (n,), int
        Orders the frames of a simulation; where one is missing its trajectory is cut.
    frame_interval : float
        ps between frames.
    steered : int
        Simulations that a selection started.
    force_fields : int
        Versions of the force field that the frames are from.
    seed : int
        Of clustering and sampling.

    Returns
    -------
    MarkovModel or None
        None where no simulation has three frames in a row.
    """
    rows = _trajectories(simulation, step)
    longest = max((len(each) for each in rows), default=0)
    if longest < 3:
        return None
    labels = _microstates(points, seed)
    discrete = [labels[each] for each in rows]
    lags = _lags(rows)
    lag_times = lags.astype(np.float64) * (frame_interval * 1e-3)
    table = [timescales_at(discrete, int(lag), seed) for lag in lags]
    ns = frame_interval * 1e-3
    median, low, high = (np.array([row[i] for row in table]) * ns for i in range(3))
    chosen, settled = _converged(lag_times, median[:, 0], low[:, 0], high[:, 0])
    share, connected, crossings, weights = _equilibrium(discrete, rows, int(lags[chosen]), len(points))
    simulations = len(np.unique(simulation))
    model = MarkovModel(
        lags=lag_times,
        timescales=median,
        low=low,
        high=high,
        lag=float(lags[chosen]) * ns,
        microstates=int(labels.max()) + 1,
        connected=connected,
        share=share,
        crossings=crossings,
        weights=weights,
        simulations=simulations,
        warnings=[],
        notes=[RESTARTED.format(steered=steered, all=simulations)] if steered else [],
    )
    model.warnings.extend(_doubts(model, chosen, settled, longest * ns, force_fields))
    return model


def discrete_trajectories(
    labels: NDArray[np.integer], simulation: NDArray[np.integer], step: NDArray[np.integer]
) -> list[NDArray[np.integer]]:
    """Labels of frames as unbroken trajectories, each in order of time."""
    return [labels[rows] for rows in _trajectories(simulation, step)]


def _trajectories(simulation: NDArray[np.integer], step: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    order = np.lexsort((step, simulation))
    same = np.diff(simulation[order]) == 0
    stride = np.diff(step[order])
    usual = np.median(stride[same]) if same.any() else 0
    cuts = np.flatnonzero(~same | (stride != usual)) + 1
    return [rows for rows in np.split(order, cuts) if len(rows) > 1]


def _microstates(points: NDArray[np.floating], seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans

    count = int(np.clip(len(points) // FRAMES_PER_STATE, 2, MOST_STATES))
    count = min(count, len(np.unique(points, axis=0)))
    thin = np.unique(np.linspace(0, len(points) - 1, min(len(points), FRAMES_CLUSTERED)).astype(np.int64))
    means = KMeans(count, n_init=1, random_state=seed).fit(np.asarray(points[thin], np.float64))
    labels: NDArray[np.int64] = means.predict(np.asarray(points, np.float64)).astype(np.int64)
    return labels


def _lags(rows: Sequence[NDArray[np.integer]]) -> NDArray[np.int64]:
    """Lag times in frames, up to a third of the usual length of a trajectory."""
    longest = max(1, int(np.median([len(each) for each in rows])) // 3)
    return np.unique(np.geomspace(1, longest, LAGS).round().astype(np.int64))


def timescales_at(
    discrete: Sequence[NDArray[np.integer]], lag: int, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Implied timescales at one lag: posterior median, lower and upper end of the 95% interval.

    All three are of the same draws. The timescales of the most likely matrix are no middle of them: a timescale is a
    steep function of the matrix, and with few counts the posterior's bulk lies away from its peak.

    Parameters
    ----------
    discrete : sequence of ndarray
        Microstates, counted from 0, in order of time.
    lag : int
        Frames.
    seed : int
        Of sampling.

    Returns
    -------
    tuple of ndarray, each of shape (3,)
        In frames, slowest first; NaN where there is none, and where the counts are too few to tell.
    """
    from deeptime.markov.msm import MaximumLikelihoodMSM
    from deeptime.markov.tools.estimation.dense.tmat_sampling.tmatrix_sampler import TransitionMatrixSampler

    counts = _counts(discrete, lag)
    if counts is None or counts.count_matrix.sum() < COUNTS_PER_STATE * counts.n_states:
        none = np.full(TIMESCALES, np.nan)
        return none, none, none
    best = MaximumLikelihoodMSM(reversible=True).fit_fetch(counts).transition_matrix
    sampler = TransitionMatrixSampler(
        np.asarray(counts.count_matrix, np.float64), reversible=True, P0=best, n_steps=10, seed=seed
    )
    sampler.sample(BURN_IN)
    drawn = np.array([_relaxation(matrix, lag) for matrix in sampler.sample(SAMPLES)])
    tail = (1 - LEVEL) / 2
    low, median, high = np.quantile(drawn, [tail, 0.5, 1 - tail], axis=0, method="nearest")
    return median, low, high


def _relaxation(matrix: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """Timescales of a reversible transition matrix in frames, infinite where it falls apart; NaN beyond its rank."""
    slow = np.sort(np.linalg.eigvals(matrix).real)[::-1][1 : TIMESCALES + 1]
    with np.errstate(divide="ignore"):
        times = -lag / np.log(np.clip(slow, 1e-300, 1.0))
    return np.concatenate([np.abs(times), np.full(TIMESCALES - len(slow), np.nan)])


def _counts(discrete: Sequence[NDArray[np.integer]], lag: int) -> TransitionCountModel | None:
    """Counts of the largest connected set, dense; None when it is a single state."""
    from deeptime.markov import TransitionCountEstimator

    long_enough = [np.asarray(each, np.int32) for each in discrete if len(each) > lag]
    if not long_enough:
        return None
    counts: Any = (
        TransitionCountEstimator(lag, "sliding-effective", sparse=False)
        .fit_fetch(long_enough)
        .submodel_largest()
    )
    return counts if counts.n_states > 1 else None


def _converged(
    lags: NDArray[np.float64],
    median: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[int, bool]:
    """The first lag whose slowest timescale lies within the intervals of all later ones, and True.

    Only lags shorter than the timescale count, since a process is over within longer ones. The middle one of them, and
    False, where none agrees with the rest.
    """
    resolved = np.flatnonzero(np.isfinite(median) & (median >= lags))
    for i, row in enumerate(resolved[:-1]):
        later = resolved[i + 1 :]
        if ((low[later] <= median[row]) & (median[row] <= high[later])).all():
            return int(row), True
    return (int(resolved[len(resolved) // 2]) if len(resolved) else 0), False


def _equilibrium(
    discrete: Sequence[NDArray[np.integer]], rows: Sequence[NDArray[np.integer]], lag: int, frames: int
) -> tuple[float, int, float, NDArray[np.float64]]:
    from deeptime.markov.msm import MaximumLikelihoodMSM

    weights = np.zeros(frames)
    counts = _counts(discrete, lag)
    if counts is None:
        return 0.0, 1, 0.0, weights
    model = MaximumLikelihoodMSM(reversible=True).fit_fetch(counts)
    symbols = np.asarray(counts.state_symbols)
    joined, where = np.concatenate(discrete), np.concatenate(rows)
    place = np.full(int(joined.max()) + 1, -1)
    place[symbols] = np.arange(len(symbols))
    state = place[joined]
    inside = state >= 0
    held = np.bincount(state[inside], minlength=len(symbols))
    weights[where[inside]] = (model.stationary_distribution / np.maximum(held, 1))[state[inside]]
    side = np.asarray(model.eigenvectors_right(2))[:, 1].real > 0
    table = np.asarray(counts.count_matrix)
    crossings = float(table[np.ix_(side, ~side)].sum() + table[np.ix_(~side, side)].sum())
    return float(inside.mean()), len(symbols), crossings, weights


def _ns(value: float) -> str:
    """Three digits, large numbers written out."""
    return f"{float(f'{value:.3g}'):,g}"


def _doubts(model: MarkovModel, chosen: int, settled: bool, longest: float, force_fields: int) -> list[str]:
    slowest = model.timescales[chosen, 0]
    if not np.isfinite(slowest):
        return [
            "No Markov model: simulations never went back and forth between microstates, so no timescale can be told. "
            "More or longer simulations are needed."
        ]
    doubts = []
    if model.share < CONNECTED:
        doubts.append(
            f"Only {model.share:.0%} of the frames lie in microstates that simulations both left and came back to; the "
            "rest is not in the model."
        )
    if model.crossings < CROSSINGS:
        doubts.append(
            f"The slowest process was crossed {model.crossings:.1f} times (effective count), fewer than {CROSSINGS}: its "
            "timescale is a guess."
        )
    if slowest > longest:
        doubts.append(
            f"The slowest timescale ({_ns(slowest)} ns) is longer than the longest simulation ({_ns(longest)} ns)."
        )
    if slowest < model.lag:
        doubts.append(
            f"The slowest timescale ({_ns(slowest)} ns) is shorter than the lag ({model.lag:.3g} ns): the process is over "
            "before it can be measured."
        )
    elif not settled:
        doubts.append(
            "The slowest timescale still changes with the lag: the microstates are not Markovian at the lags that the "
            "simulations are long enough for."
        )
    if force_fields > 1:
        doubts.append(
            f"The frames are from {force_fields} versions of the force field; the model mixes them."
        )
    return doubts
