"""A point of a landscape as the beads of a molecule, and back.

Two coordinates make one walker, a bead in a plane of its own. Three fixed anchors span the frame in which the walkers
move: their distances to the anchors tell where they are, so that features which do not change when a molecule is moved
or turned still see the whole landscape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.protocol import Landscape

__all__ = ["ANCHORS", "PLANE_DISTANCE", "bead_names", "embed", "project"]

ANCHORS = 3
"""Beads before the walkers: two along x, and one above the first."""

PLANE_DISTANCE = 0.5
"""nm between the planes of two walkers."""

_MARGIN = 0.5


def bead_names(landscape: Landscape) -> tuple[str, ...]:
    """Names of the beads: ``A1`` to ``A3``, and ``W`` or ``W1``, ``W2``, …"""
    walkers = len(landscape.bounds) // 2
    return ("A1", "A2", "A3", *(["W"] if walkers == 1 else [f"W{number + 1}" for number in range(walkers)]))


def embed(landscape: Landscape, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bead positions (n, 3 + d/2, 3) in nm of walkers at points (n, d)."""
    points = np.asarray(points, np.float64)
    walkers = points.shape[1] // 2
    beads = np.empty((len(points), ANCHORS + walkers, 3))
    beads[:, :ANCHORS] = _anchors(landscape)
    beads[:, ANCHORS:, :2] = points.reshape(len(points), walkers, 2)
    beads[:, ANCHORS:, 2] = PLANE_DISTANCE * np.arange(walkers)
    return beads


def project(landscape: Landscape, positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where the walkers are, (n, d) in nm, from bead positions (n, 3 + d/2, 3), moved and turned in any way."""
    positions = np.asarray(positions, np.float64)
    origin = positions[:, 0]
    along = _unit(positions[:, 1] - origin)
    normal = _unit(positions[:, 2] - origin)
    axes = np.stack([along, np.cross(normal, along)], axis=1)
    places = np.einsum("nij,nwj->nwi", axes, positions[:, ANCHORS:] - origin[:, None])
    return (_anchors(landscape)[0, :2] + places).reshape(len(positions), -1)


def _anchors(landscape: Landscape) -> NDArray[np.float64]:
    """About the box that holds every walker, whichever two coordinates it has."""
    bounds = np.array(landscape.bounds).reshape(-1, 2, 2)
    (left, bottom), right = bounds[:, :, 0].min(axis=0), bounds[:, 0, 1].max()
    corner = np.array([left - _MARGIN, bottom - _MARGIN, 0.0])
    return corner + np.array([[0.0, 0.0, 0.0], [right - left + 2 * _MARGIN, 0.0, 0.0], [0.0, 0.0, 1.0]])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
