"""Features on one scale: mean zero, spread one, and no number beyond ten spreads.

The spread is each feature's own, or that of all features of its kind together. The first makes a stiff bond's trembling
as long as a hinge's swing, as principal components of the correlation matrix do; the second keeps wide motions wide, as
those of the covariance matrix do, which is how dihedrals are analysed (Altis et al., J. Chem. Phys. 126, 244111, 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Standardisation"]

_LIMIT = 10.0
_LEAST_SPREAD = 0.05
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Standardisation:
    """``(features - mean) / spread``, clipped to ten spreads.

    Clipping keeps a broken frame from flying out of the map; it still is the farthest and worst decoded of all.

    Parameters
    ----------
    mean, spread : ndarray, shape (n_features,), float32

    Raises
    ------
    ValueError
        When shapes differ, a number is not finite, or a spread is not positive.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.spread.shape:
            raise ValueError(
                f"a mean of {self.mean.shape} and a spread of {self.spread.shape} do not belong together"
            )
        if self.mean.dtype != np.float32 or self.spread.dtype != np.float32:
            raise ValueError("mean and spread must be of the type float32")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.spread).all() and (self.spread > 0).all()):
            raise ValueError("means must be finite, and spreads finite and positive")

    @classmethod
    def of(cls, features: NDArray[np.float32], kinds: Sequence[int] | None = None) -> Self:
        """That of a training set.

        A feature that hardly moves is not blown up to the noise of its last digit: no spread is taken for less than
        a twentieth of the root mean square of all.

        Parameters
        ----------
        features : ndarray, shape (n, n_features)
        kinds : sequence of int, optional
            Numbers of successive features that share a spread, the root mean square of theirs; absent: none do.

        Raises
        ------
        ValueError
            When no feature moves at all.
        """
        mean = features.mean(axis=0, dtype=np.float64)
        squares = np.zeros_like(mean)
        for first in range(0, len(features), _BLOCK):
            squares += ((features[first : first + _BLOCK] - mean) ** 2).sum(axis=0)
        variance = squares / max(len(features), 1)
        typical = float(np.sqrt(variance.mean()))
        if typical < 1e-6:
            raise ValueError("no feature differs between the frames")
        if kinds is not None:
            parts = np.split(variance, np.cumsum(kinds)[:-1])
            variance = np.concatenate([np.full_like(part, part.mean()) for part in parts if len(part)])
        spread = np.maximum(np.sqrt(variance), _LEAST_SPREAD * typical)
        return cls(mean.astype(np.float32), spread.astype(np.float32))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardised features, shape (n, n_features), as a new array."""
        scaled = features - self.mean
        scaled /= self.spread
        return np.clip(scaled, -_LIMIT, _LIMIT, out=scaled)
