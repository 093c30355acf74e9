"""A point of a landscape as the beads of a molecule, and back.

Two coordinates make one walker, a bead in a plane of its own. Three fixed anchors span the frame in which the walkers
move: their distances to the anchors tell where they are, so that features which do not change when a molecule is moved
or turned still see the whole landscape. The anchors are far away and evenly about it, and only distances to them are
followed. Proximity to a near bead would be a bent coordinate: what is next to that bead would be stretched on every
latent map, and what lies on both sides of it folded together; a rule would be judged by that instead of by the landscape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.protocol import Landscape

__all__ = ["ANCHORS", "PLANE_DISTANCE", "bead_names", "embed", "followed_pairs", "project"]

ANCHORS = 3
"""Beads before the walkers: an equilateral triangle about the landscape, its first corner along x."""

PLANE_DISTANCE = 0.5
"""nm between the planes of two walkers."""

_REACH = 30.0
"""nm from the middle of the landscape to an anchor: many times the size of a landscape."""


def bead_names(landscape: Landscape) -> tuple[str, ...]:
    """Names of the beads: ``A1`` to ``A3``, and ``W`` or ``W1``, ``W2``, …"""
    walkers = len(landscape.bounds) // 2
    return ("A1", "A2", "A3", *(["W"] if walkers == 1 else [f"W{number + 1}" for number in range(walkers)]))


def followed_pairs(n_beads: int) -> NDArray[np.int64]:
    """Each anchor with each walker, shape (3 d/2, 2): the pairs of beads that tell where the walkers are."""
    return np.array(
        [(anchor, walker) for anchor in range(ANCHORS) for walker in range(ANCHORS, n_beads)], np.int64
    )


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
    first, second, third = positions[:, :ANCHORS].swapaxes(0, 1)
    middle = positions[:, :ANCHORS].mean(axis=1)
    axes = np.stack([_unit(first - middle), _unit(second - third)], axis=1)
    places = np.einsum("nij,nwj->nwi", axes, positions[:, ANCHORS:] - middle[:, None])
    return (_middle(landscape) + places).reshape(len(positions), -1)


def _anchors(landscape: Landscape) -> NDArray[np.float64]:
    angles = 2 * np.pi / ANCHORS * np.arange(ANCHORS)
    corners = _middle(landscape) + _REACH * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.column_stack([corners, np.zeros(ANCHORS)])


def _middle(landscape: Landscape) -> NDArray[np.float64]:
    """Of the box that holds every walker, whichever two coordinates it has."""
    bounds = np.array(landscape.bounds).reshape(-1, 2, 2)
    return (bounds[:, :, 0].min(axis=0) + bounds[:, :, 1].max(axis=0)) / 2


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
