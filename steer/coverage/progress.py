"""Measures of coverage against aggregate CG time, each with a band by resampling families of simulations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.control import (
    Control,
    Gain,
    gain_of_steering,
    unsteered_control,
    unsteered_discovery,
)
from steer.coverage.covering import evenly_spread, other_distances
from steer.coverage.evenness import evenness
from steer.coverage.pooled_control import Pooled, pooled_control
from steer.coverage.resampling import Band, additive_band, family_halves, ratio_band
from steer.coverage.visits import Visits, ball_visits, cell_visits

__all__ = ["Progress", "measure_progress"]

CHECKPOINTS = 30
WINDOWS = 12
SIMULATIONS_PER_WINDOW = 3
SAMPLES = 100
NEIGHBOUR = 10
FRAMES_AT_MOST = 4000
PLACES = 300
BALL_SAMPLES = 3000


@dataclass(frozen=True)
class Progress:
    """Coverage of all CG simulations, and what the control says.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Aggregate CG time, ns, that the first four measures are told for.
    cells : Band
        Occupied cells.
    volume : Band
        Volume of the union of balls around frames.
    radius : float
        Of these balls: the median distance of a frame to its 10th neighbour.
    evenness : Band
        Normalised entropy of cell occupancy.
    covering_radius : Band
        Largest distance from a place that the campaign found to the nearest frame, by then, of a simulation other
        than the one that found it.
    windows : ndarray, shape (w + 1,)
        Edges in ns of the intervals for which the rate is told.
    discovery : Band
        New cells per ns in each, shape (w,).
    width : ndarray, shape (d,)
        Edges of a cell.
    control : Control or None
        Of the occupied cells; all controls are None with fewer than two unsteered simulations.
    volume_control, evenness_control, covering_control : Control or None
        Of these measures, up to the unsteered time that there was.
    discovery_control : Band or None
        Of the rate of discovery, in the same intervals.
    gain : Gain
    simulations, unsteered : int
        How many there were.
    families : int
        How many of them were independent of each other: the bands come from halves of these.
    frames : int
    """

    time: NDArray[np.float64]
    cells: Band
    volume: Band
    radius: float
    evenness: Band
    covering_radius: Band
    windows: NDArray[np.float64]
    discovery: Band
    width: NDArray[np.float64]
    control: Control | None
    volume_control: Control | None
    evenness_control: Control | None
    covering_control: Control | None
    discovery_control: Band | None
    gain: Gain
    simulations: int
    unsteered: int
    families: int
    frames: int


def measure_progress(
    points: NDArray[np.floating],
    simulation: NDArray[np.integer],
    unsteered: NDArray[np.bool_],
    frame_interval: float,
    width: NDArray[np.floating],
    seed: int = 0,
    family: NDArray[np.integer] | None = None,
) -> Progress:
    """All measures of a campaign's CG frames.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Latent points in the order in which they arrived; at least two.
    simulation : ndarray, shape (n,), int
        Any number that tells simulations apart.
    unsteered : ndarray, shape (n,), bool
        Whether the frame's simulation started without a selection.
    frame_interval : float
        ps that a frame stands for.
    width : ndarray, shape (d,)
        Edges of a cell.
    seed : int
        Of resampling and of the volume's sample. Evenness, volume and covering radius are measured on an even
        thinning to 4,000 frames.
    family : ndarray, shape (n,), int, optional
        Any number that tells apart the families which the frames' simulations belong to; without it every simulation
        is independent.
    """
    _, first, index = np.unique(simulation, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    free = unsteered[first]
    n, ns = len(points), frame_interval * 1e-3
    kin = np.unique(index if family is None else family[first][index], return_inverse=True)[1].reshape(-1)
    halves = family_halves(kin[first], free, SAMPLES, seed)
    lengths = np.bincount(index, minlength=len(free)) * ns
    visits = cell_visits(points, index, width)
    checkpoints = np.unique(np.linspace(0, n, CHECKPOINTS + 1).astype(np.int64)[1:])
    thin = np.unique(np.linspace(0, n - 1, min(n, FRAMES_AT_MOST)).astype(np.int64))
    radius = _neighbour_distance(points[thin])
    balls = ball_visits(points[thin], index[thin], thin, radius, BALL_SAMPLES, seed)
    pieces = int(np.clip(len(free) // SIMULATIONS_PER_WINDOW, 1, WINDOWS))
    windows = np.unique(np.linspace(0, n, pieces + 1).astype(np.int64))
    begun = np.searchsorted(np.sort(np.unique(kin, return_index=True)[1]), [0, *checkpoints[:-1]])
    seen = _Thinned(points[thin], index[thin], thin)
    occupied, covering = _occupancy(seen, width), _reach(seen)

    def pooled(measure: Pooled) -> Control | None:
        return pooled_control(measure, free, lengths, halves, seed)

    return Progress(
        time=checkpoints.astype(np.float64) * ns,
        cells=_covered(visits, checkpoints, halves, begun),
        volume=_covered(balls, checkpoints, halves, begun),
        radius=radius,
        evenness=_evenness(seen, occupied, checkpoints, halves, begun),
        covering_radius=_covering(seen, covering, checkpoints, halves, begun),
        windows=windows.astype(np.float64) * ns,
        discovery=_discovery(visits, index, kin[first], windows, ns, halves),
        width=np.broadcast_to(np.asarray(width, float), points.shape[1:]),
        control=unsteered_control(visits, free, lengths, n * ns, halves),
        volume_control=pooled(_pooled_volume(balls, len(free))),
        evenness_control=pooled(_pooled_evenness(seen, occupied, len(free))),
        covering_control=pooled(_pooled_covering(seen, covering, len(free))),
        discovery_control=unsteered_discovery(visits, free, lengths, windows * ns, halves),
        gain=gain_of_steering(visits, free, lengths, halves),
        simulations=len(free),
        unsteered=int(free.sum()),
        families=int(kin.max()) + 1,
        frames=n,
    )


@dataclass(frozen=True)
class _Thinned:
    """An even thinning of the frames: points, their simulations, and their rows among all."""

    points: NDArray[np.floating]
    simulation: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class _Reach:
    """Places that cover the points, by row, and how far every frame of another simulation is from them."""

    places: NDArray[np.int64]
    distance: NDArray[np.float64]


def _occupancy(seen: _Thinned, width: NDArray[np.floating]) -> NDArray[np.int64]:
    """The cell of each point, counted from 0."""
    cells = np.floor(seen.points / width).astype(np.int32)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)


def _reach(seen: _Thinned) -> _Reach:
    places = evenly_spread(seen.points, PLACES)
    return _Reach(places, other_distances(seen.points, seen.simulation, places))


def _pooled_volume(balls: Visits, simulations: int) -> Pooled:
    visited = np.zeros((simulations, len(balls.size)), dtype=bool)
    visited[balls.simulation, balls.place] = True
    return Pooled(visited, np.logical_or, lambda pooled, _: pooled @ balls.size)


def _pooled_evenness(seen: _Thinned, cells: NDArray[np.int64], simulations: int) -> Pooled:
    counts = np.zeros((simulations, int(cells.max()) + 1), dtype=np.int32)
    np.add.at(counts, (seen.simulation, cells), 1)
    return Pooled(
        counts, np.add, lambda pooled, _: np.array([evenness(row) for row in pooled]), additive=True
    )


def _pooled_covering(seen: _Thinned, reach: _Reach, simulations: int) -> Pooled:
    nearest = np.full((simulations, len(reach.places)), np.inf)
    np.minimum.at(nearest, seen.simulation, reach.distance.T)
    finder = seen.simulation[reach.places]

    def farthest(pooled: NDArray[Any], keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        told = np.where(np.isfinite(pooled) & keep[finder], pooled, -np.inf).max(axis=1)
        return np.where(np.isfinite(told), told, np.nan)

    return Pooled(nearest, np.minimum, farthest)


def _neighbour_distance(points: NDArray[np.floating]) -> float:
    from scipy.spatial import cKDTree

    k = min(NEIGHBOUR, len(points) - 1)
    distance = float(np.median(cKDTree(points).query(points, k=[k + 1])[0]))
    return distance if distance > 0 else 1e-6


def _covered(
    visits: Visits, checkpoints: NDArray[np.int64], halves: NDArray[np.bool_], begun: NDArray[np.int64]
) -> Band:
    replicates = np.array([visits.covered(checkpoints, half) for half in halves])
    return ratio_band(visits.covered(checkpoints), replicates, begun)


def _evenness(
    seen: _Thinned,
    cells: NDArray[np.int64],
    checkpoints: NDArray[np.int64],
    halves: NDArray[np.bool_],
    begun: NDArray[np.int64],
) -> Band:
    stops = np.searchsorted(seen.rows, checkpoints)

    def curve(keep: NDArray[np.bool_]) -> list[float]:
        values = []
        counts = np.zeros(int(cells.max()) + 1, dtype=np.int64)
        for start, stop in zip([0, *stops[:-1]], stops, strict=True):
            counts += np.bincount(cells[start:stop][keep[start:stop]], minlength=len(counts))
            values.append(evenness(counts))
        return values

    replicates = np.array([curve(half[seen.simulation]) for half in halves])
    band = additive_band(np.array(curve(np.ones(len(cells), bool))), replicates, begun)
    return Band(band.estimate, np.clip(band.low, 0, 1), np.clip(band.high, 0, 1))


def _covering(
    seen: _Thinned,
    reach: _Reach,
    checkpoints: NDArray[np.int64],
    halves: NDArray[np.bool_],
    begun: NDArray[np.int64],
) -> Band:
    starts = np.searchsorted(seen.rows, [0, *checkpoints[:-1]])

    def curve(keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        kept = np.where(keep[seen.simulation][None, :], reach.distance, np.inf)
        nearest = np.minimum.accumulate(np.minimum.reduceat(kept, starts, axis=1), axis=1)
        # A place counts as soon as another simulation could have come near it, and only if its finder is kept.
        farthest = np.where(keep[seen.simulation[reach.places]][:, None], nearest, -np.inf).max(axis=0)
        return np.where(np.isfinite(farthest), farthest, np.nan)

    replicates = np.array([curve(half) for half in halves])
    return ratio_band(curve(np.ones(halves.shape[1], bool)), replicates, begun)


def _discovery(
    visits: Visits,
    simulation: NDArray[np.int64],
    family: NDArray[np.int64],
    windows: NDArray[np.int64],
    ns: float,
    halves: NDArray[np.bool_],
) -> Band:
    window = np.searchsorted(windows, np.arange(len(simulation)), side="right") - 1
    frames = np.zeros((halves.shape[1], len(windows) - 1))
    np.add.at(frames, (simulation, window), 1.0)

    def rate(keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        time = frames[keep].sum(axis=0) * ns
        found = np.diff(visits.covered(windows, keep))
        return np.where(time > 0, found / np.where(time > 0, time, 1.0), np.nan)

    everyone = np.ones(halves.shape[1], bool)
    active = np.zeros((int(family.max()) + 1, frames.shape[1]), dtype=bool)
    np.logical_or.at(active, family, frames > 0)
    band = additive_band(rate(everyone), np.array([rate(half) for half in halves]), active.sum(axis=0))
    return Band(band.estimate, np.maximum(band.low, 0), band.high)
