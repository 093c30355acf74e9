"""Free energy over two dimensions, from weighted frames, where there are any.

The surface is -ln of the weighted density, in kT. It is the free energy of the *ensemble that was sampled*. A campaign
restarts simulations where the map is thin: unless every simulation has forgotten where it started, restarted places
look too stable and the heights of barriers mean little. `RESTART_BIAS` says so in one sentence, and stands on every
picture of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "RESTART_BIAS",
    "FreeEnergy",
    "effective_frames",
    "free_energy",
    "kish_size",
    "representative_weights",
    "statistical_inefficiency",
    "surface_edges",
]

RESTART_BIAS = (
    "Biased: simulations were restarted where the map was thin, "
    "so this is the sampled density, not an equilibrium free energy."
)

MIN_VISITORS = 3
"""Independent simulations that must have been in a bin for its error to be told."""


@dataclass(frozen=True)
class FreeEnergy:
    """A free-energy surface.

    Attributes
    ----------
    x, y : ndarray, shape (nx + 1,), (ny + 1,)
        Edges of the bins.
    energy : masked array, shape (nx, ny)
        kT above the lowest bin; masked where fewer frames than asked for have been.
    error : masked array, shape (nx, ny)
        Standard error in kT from resampled simulations; masked also where fewer than three families have been:
        how often others would come there is unknown.
    frames : int
    effective : float
        Effective sample size: independent frames that would say as much.
    simulations : int
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    energy: np.ma.MaskedArray
    error: np.ma.MaskedArray
    frames: int
    effective: float
    simulations: int


def surface_edges(points: NDArray[np.floating], bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of square-ish bins over the range of the points, shape (n, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.02 * (high - low), 0.5)
    x, y = (np.linspace(a - m, b + m, bins + 1) for a, b, m in zip(low, high, margin, strict=True))
    return x, y


def free_energy(
    points: NDArray[np.floating],
    weights: NDArray[np.floating],
    simulation: NDArray[np.integer],
    edges: tuple[NDArray[np.floating], NDArray[np.floating]],
    *,
    min_frames: int = 1,
    halves: NDArray[np.bool_] | None = None,
    family: NDArray[np.integer] | None = None,
) -> FreeEnergy:
    """The surface of some frames.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
    weights : ndarray, shape (n,)
        Not negative; their scale does not matter.
    simulation : ndarray, shape (n,), int
        Counted from 0. Frames of a simulation are in order of time.
    edges : tuple of ndarray
        Of the bins along both dimensions.
    min_frames : int
        Bins with fewer frames are masked: what nobody visited has no free energy.
    halves : ndarray, shape (samples, simulations), bool, optional
        Resampled simulations, for the error.
    family : ndarray, shape (simulations,), int, optional
        Of each simulation; without it every one is independent.
    """

    shape = (len(edges[0]) - 1, len(edges[1]) - 1)
    bins = shape[0] * shape[1]
    inside, place = _places(points, edges)
    simulation, weights, points = simulation[inside], weights[inside], points[inside]
    visit, entry = np.unique(simulation.astype(np.int64) * bins + place, return_inverse=True)
    mass = np.bincount(entry.reshape(-1), weights, minlength=len(visit))
    visitor, where = np.divmod(visit, bins)

    def surface(share: NDArray[np.floating]) -> NDArray[np.float64]:
        total = np.bincount(where, mass * share, minlength=bins).reshape(shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            return -np.log(total / total.sum())

    counts = np.bincount(place, minlength=bins).reshape(shape)
    whole = surface(np.ones(len(mass)))
    masked = (counts < max(min_frames, 1)) | ~np.isfinite(whole)
    energy = np.ma.array(whole, mask=masked)
    error = np.ma.masked_all(energy.shape)
    if halves is not None:
        kin = visitor if family is None else np.asarray(family)[visitor]
        witnesses = np.unique(np.column_stack([where, kin]), axis=0)[:, 0]
        rare = np.bincount(witnesses, minlength=bins).reshape(shape) < MIN_VISITORS
        error = _error(
            np.array([surface(half[visitor].astype(np.float64)) for half in halves]), masked | rare
        )
    return FreeEnergy(
        np.asarray(edges[0], float),
        np.asarray(edges[1], float),
        energy - energy.min() if energy.count() else energy,
        error,
        len(points),
        effective_frames(points, weights, simulation),
        len(np.unique(simulation)),
    )


def _places(
    points: NDArray[np.floating], edges: tuple[NDArray[np.floating], NDArray[np.floating]]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which points are in a bin at all, and the number of the bin of those."""
    x, y = (np.searchsorted(e, p, side="right") - 1 for e, p in zip(edges, points.T, strict=True))
    inside = (x >= 0) & (x < len(edges[0]) - 1) & (y >= 0) & (y < len(edges[1]) - 1)
    return inside, (x * (len(edges[1]) - 1) + y)[inside]


def _error(surfaces: NDArray[np.float64], masked: NDArray[np.bool_]) -> np.ma.MaskedArray:
    values = np.ma.masked_invalid(surfaces)
    return np.ma.array(np.ma.filled(values.std(axis=0, ddof=1), 0.0), mask=masked)


def kish_size(weights: NDArray[np.floating]) -> float:
    """Effective number of equally weighted samples: (sum w)^2 / sum w^2 (Kish, Survey Sampling, 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def statistical_inefficiency(series: NDArray[np.floating]) -> float:
    """Frames that make one independent sample: 1 + 2 times the summed autocorrelation up to its first zero.

    Parameters
    ----------
    series : ndarray, shape (n,)
        One observable of one simulation, in order of time.

    Returns
    -------
    float
        Between 1 and n (Chodera et al., J. Chem. Theory Comput. 3, 26, 2007, eq. 20); 1 for a constant.
    """
    n = len(series)
    deviation = series - series.mean()
    variance = float(deviation @ deviation) / max(n, 1)
    if n < 3 or variance <= 1e-12 * max(1.0, float(np.abs(series).max()) ** 2):
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(deviation, size)
    lags = np.arange(1, n)
    correlation = np.fft.irfft(spectrum * spectrum.conj(), size)[1:n] / ((n - lags) * variance)
    negative = np.flatnonzero(correlation <= 0)
    stop = negative[0] if len(negative) else n - 1
    return float(np.clip(1 + 2 * ((1 - lags / n) * correlation)[:stop].sum(), 1, n))


def effective_frames(
    points: NDArray[np.floating], weights: NDArray[np.floating], simulation: NDArray[np.integer]
) -> float:
    """Effective sample size of correlated, weighted frames.

    Kish's size of the simulations' independent samples: a simulation of n frames and the inefficiency g of its slower
    coordinate has n / g samples, which share its weight.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    weights : ndarray, shape (n,)
    simulation : ndarray, shape (n,), int
    """
    samples, squares = 0.0, 0.0
    order = np.argsort(simulation, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(simulation[order])) + 1):
        inefficiency = max(statistical_inefficiency(column) for column in points[rows].T)
        samples += float(weights[rows].sum())
        squares += float((weights[rows] ** 2).sum()) * inefficiency
    return samples**2 / squares if squares > 0 else 0.0


def representative_weights(
    chosen: NDArray[np.floating], candidates: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Share of the candidates that each chosen point stands for: those nearest to it.

    Parameters
    ----------
    chosen : ndarray, shape (k, d)
    candidates : ndarray, shape (n, d)

    Returns
    -------
    ndarray, shape (k,)
        Sums to 1.
    """
    from scipy.spatial import cKDTree

    nearest = cKDTree(chosen).query(candidates)[1]
    return np.bincount(nearest, minlength=len(chosen)) / len(candidates)
