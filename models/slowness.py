"""The slow motions among features: what a map for steering must be long in.

Where a frame lies in a stiff bond's trembling tells nothing of where its simulation will be a frame later; where it
lies on the way over a barrier does. The combinations of features of which most is left after a frame interval are the
time-lagged independent components,

    lagged @ axes = instant @ axes * left

with the covariances of the features with themselves and with those of the next frame (Pérez-Hernández et al., J. Chem.
Phys. 139, 015102, 2013; Schwantes and Pande, J. Chem. Theory Comput. 9, 2000, 2013). Each has a variance of one and is
stretched by what is left of it, so that distances tell how differently two frames go on (the kinetic map of Noé and
Clementi, J. Chem. Theory Comput. 11, 5002, 2015).

Few frames make anything look slow. Both covariances are therefore drawn towards those of white noise, by as much as
their error asks for (Ledoit and Wolf, J. Multivar. Anal. 88, 365, 2004). Frames of restarted simulations are not in
equilibrium: what is left is good for ordering and scaling motions, not for timescales.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.exceptions import TrainingError

__all__ = ["SlowMotions", "pairs_among", "slow_motions"]

_LEAST_PAIRS = 10
_LEAST_LEFT = 0.05
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class SlowMotions:
    """Features as slow motions: ``features @ there + shift``, and back: ``motions @ back + centre``.

    Attributes
    ----------
    there : ndarray, shape (n_features, n_motions), float64
        The slowest first.
    shift : ndarray, shape (n_motions,), float64
    back : ndarray, shape (n_motions, n_features), float64
    centre : ndarray, shape (n_features,), float64
    record : dict
        For the training statistics: ``pairs`` of frames, ``shrinkage`` of their covariances (0 to 1), and
        ``autocorrelations`` after one frame.
    """

    there: NDArray[np.float64]
    shift: NDArray[np.float64]
    back: NDArray[np.float64]
    centre: NDArray[np.float64]
    record: dict[str, Any]

    def of(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Slow motions, shape (n, n_motions), of features of shape (n, n_features)."""
        return features @ self.there.astype(np.float32) + self.shift.astype(np.float32)


def slow_motions(
    features: NDArray[np.float32], pairs: NDArray[np.int64], least: int, most: int | None = None
) -> SlowMotions:
    """The motions of which something is left after a frame.

    Parameters
    ----------
    features : ndarray, shape (n, n_features)
    pairs : ndarray, shape (n_pairs, 2)
        Rows of one frame and the next.
    least : int
        Motions wanted, whatever is left of them.
    most : int, optional
        Motions wanted, however much is left of others; absent: as many as there are.
    """
    centre, instant, lagged, fourth = _moments(features, pairs)
    shrinkage = _shrinkage(instant, fourth, len(pairs))
    white = shrinkage * np.trace(instant) / len(instant) * np.eye(len(instant))
    instant, lagged = (1 - shrinkage) * instant + white, (1 - shrinkage) * lagged
    variances, vectors = np.linalg.eigh(instant)
    whitening = vectors / np.sqrt(np.maximum(variances, np.finfo(np.float32).eps * variances[-1]))
    left, axes = np.linalg.eigh(whitening.T @ lagged @ whitening)
    kept = min(max(least, int((left > _LEAST_LEFT).sum())), most or len(left))
    left, axes = left[::-1][:kept], whitening @ axes[:, ::-1][:, :kept]
    stretch = np.maximum(left, _LEAST_LEFT)
    there = axes * stretch
    record = {"pairs": len(pairs), "shrinkage": shrinkage, "autocorrelations": left.tolist()}
    return SlowMotions(there, -centre @ there, (instant @ axes / stretch).T, centre, record)


def pairs_among(
    rows: NDArray[np.int64], frames: int, following: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Pairs of some of the frames.

    Parameters
    ----------
    rows : ndarray, shape (n,), int64
        Which frames.
    frames : int
        How many there are in all.
    following : ndarray, shape (frames,), int64, optional
        Which frame its simulation gave next, -1 for none; absent: all are one trajectory.

    Returns
    -------
    ndarray, shape (n_pairs, 2), int64
        Which of `rows` follows which.

    Raises
    ------
    TrainingError
        When there are too few.
    """
    if following is None:
        following = np.append(np.arange(1, frames), -1)
    place = np.full(frames + 1, -1)
    place[rows] = np.arange(len(rows))
    after = place[following[rows]]
    pairs = np.stack([np.arange(len(rows)), after], axis=1)[after >= 0]
    if len(pairs) < _LEAST_PAIRS:
        raise TrainingError(
            f"Only {len(pairs)} of {len(rows)} frames are followed by another of their simulation; at least"
            f" {_LEAST_PAIRS} are needed to tell slow motions. Give simulations two frames and more each"
            " (coarse.frame_interval, coarse.length), or take latent.scaling = 'kind'."
        )
    return pairs


def _moments(
    features: NDArray[np.float32], pairs: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Of frames in pairs, both ways in time alike: mean, covariance, covariance with the next, mean of |x|^4."""
    count, width = len(pairs), features.shape[1]
    total = np.zeros(width)
    for rows in _blocks(pairs):
        total += features[rows.ravel()].sum(axis=0, dtype=np.float64)
    centre = total / (2 * count)
    instant, lagged, fourth = np.zeros((width, width)), np.zeros((width, width)), 0.0
    for rows in _blocks(pairs):
        first, second = (features[column] - centre.astype(np.float32) for column in rows.T)
        instant += first.T @ first + second.T @ second
        lagged += first.T @ second
        for part in (first, second):
            fourth += float(np.square(np.einsum("ij,ij->i", part, part)).sum(dtype=np.float64))
    return centre, instant / (2 * count), (lagged + lagged.T) / (2 * count), fourth / (2 * count)


def _shrinkage(covariance: NDArray[np.float64], fourth: float, count: int) -> float:
    """How far a covariance of so many frames is to be drawn towards its mean variance; `fourth` is the mean of |x|^4.

    The two frames of a pair are all but alike, and count once.
    """
    squared = float(np.square(covariance).sum())
    spread = squared - float(np.trace(covariance)) ** 2 / len(covariance)
    error = max(fourth - squared, 0.0) / count
    return min(1.0, error / spread) if spread > 0 else 1.0


def _blocks(pairs: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (pairs[first : first + _BLOCK] for first in range(0, len(pairs), _BLOCK))
