"""Bringing the molecules of a periodic system together.

OpenMM hands out coordinates that were never wrapped, so that each molecule is whole; but two molecules that lie side
by side may have drifted into different images of the box.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["gather"]


def gather(
    positions: NDArray[np.floating], molecules: Sequence[NDArray[np.integer]], box: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Move whole molecules by box edges until each touches those before it where it really is nearest.

    The first molecule stays. Each next one, nearest first, goes to the image in which its closest pair of particles
    with the molecules already placed has its minimum-image distance.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        nm, each molecule whole.
    molecules : sequence of ndarray of int
        Particle indices of each molecule.
    box : ndarray, shape (3,)
        Edges of the rectangular box in nm; zeros for none.

    Returns
    -------
    ndarray, shape (n, 3), float64
    """
    gathered = np.array(positions, np.float64)
    if len(molecules) < 2 or not np.all(box > 0):
        return gathered
    placed = np.asarray(molecules[0])
    waiting = [np.asarray(molecule) for molecule in molecules[1:]]
    while waiting:
        contacts = [_contact(gathered[placed], gathered[molecule], box) for molecule in waiting]
        nearest = int(np.argmin([distance for distance, _ in contacts]))
        molecule = waiting.pop(nearest)
        gathered[molecule] += contacts[nearest][1]
        placed = np.concatenate([placed, molecule])
    return gathered


def _contact(
    fixed: NDArray[np.float64], moving: NDArray[np.float64], box: NDArray[np.floating]
) -> tuple[float, NDArray[np.float64]]:
    """Smallest minimum-image distance between two sets, and the shift of `moving` that makes it a plain distance."""
    tree = cKDTree(_wrapped(fixed, box), boxsize=box)
    distances, partners = tree.query(_wrapped(moving, box))
    closest = int(np.argmin(distances))
    apart = moving[closest] - fixed[partners[closest]]
    return float(distances[closest]), -box * np.round(apart / box)


def _wrapped(positions: NDArray[np.float64], box: NDArray[np.floating]) -> NDArray[np.float64]:
    """Into [0, edge), also where rounding gives the edge itself."""
    wrapped = positions - box * np.floor(positions / box)
    return np.where(wrapped >= box, 0.0, wrapped)
