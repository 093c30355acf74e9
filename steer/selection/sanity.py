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

_BLOCK = 256


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
    lengths = np.asarray(lengths)
    sound = np.empty(len(positions), bool)
    for first in range(0, len(positions), _BLOCK):
        block = positions[first : first + _BLOCK]
        sound[first : first + _BLOCK] = np.isfinite(block).all(axis=(1, 2)) & _whole(
            block, pairs, lengths, max_stretch
        )
    return sound


def _whole(
    block: NDArray[np.floating],
    pairs: NDArray[np.integer],
    lengths: NDArray[np.floating],
    max_stretch: float,
) -> NDArray[np.bool_]:
    if len(pairs) == 0:
        return np.ones(len(block), bool)
    with np.errstate(invalid="ignore", over="ignore"):
        squared = np.zeros((len(pairs), len(block)), block.dtype)
        for component in np.ascontiguousarray(block.transpose(2, 1, 0)):
            difference = component[pairs[:, 0]]
            difference -= component[pairs[:, 1]]
            difference *= difference
            squared += difference
        distance = np.sqrt(squared, out=squared)
        whole = (distance <= (lengths + max_stretch)[:, None].astype(block.dtype)).all(axis=0)
    apart = (distance[lengths > 2 * MIN_DISTANCE] >= MIN_DISTANCE).all(axis=0)
    return np.asarray(whole & apart)
