"""Sanity filters before any selection: a broken frame looks novel, and must not be promoted for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_STRETCH", "MIN_DISTANCE", "sane"]

MAX_STRETCH = 0.25
"""nm by which a bonded pair may exceed its equilibrium length: over ten times the thermal width of the softest
Martini 3 protein bond (5,000 kJ/mol/nm^2, 0.022 nm at 300 K)."""

MIN_DISTANCE = 0.12
"""nm between two bonded beads at least, for bonds whose equilibrium length is over twice that."""


def sane(
    positions: NDArray[np.floating],
    pairs: NDArray[np.integer],
    lengths: NDArray[np.floating],
    *,
    max_stretch: float = MAX_STRETCH,
) -> NDArray[np.bool_]:
    """Which frames have finite coordinates and whole bonds.

    Parameters
    ----------
    positions : ndarray, shape (n, n_beads, 3)
        nm.
    pairs : ndarray, shape (m, 2), int
        Bonded bead pairs.
    lengths : ndarray, shape (m,)
        Their equilibrium lengths in nm.

    Returns
    -------
    ndarray, shape (n,), bool
    """
    finite = np.isfinite(positions).all(axis=(1, 2))
    if len(pairs) == 0:
        return finite
    where = np.where(finite[:, None, None], positions, 0.0)
    distance = np.linalg.norm(where[:, pairs[:, 0]] - where[:, pairs[:, 1]], axis=2)
    whole = (distance <= lengths + max_stretch).all(axis=1)
    apart = (distance[:, lengths > 2 * MIN_DISTANCE] >= MIN_DISTANCE).all(axis=1)
    return finite & whole & apart
