"""A chain of beads whose conformations are known: two states of its first half, and a hinge in its middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOND = 0.35


@dataclass(frozen=True, eq=False)
class HingeFrames:
    """Frames (n, n_beads, 3) in nm, with the state (0 coiled, 1 stretched) and the hinge in [-1, 1] of each."""

    positions: NDArray[np.float32]
    state: NDArray[np.int64]
    hinge: NDArray[np.float64]


def hinge_frames(count: int, seed: int, n_beads: int = 20) -> HingeFrames:
    """Frames drawn independently: either state, any hinge, and thermal noise on angles, dihedrals and positions."""
    rng = np.random.default_rng(seed)
    return _frames(rng.integers(0, 2, count), rng.uniform(-1, 1, count), n_beads, rng)


def hinge_walk(count: int, seed: int, n_beads: int = 20) -> HingeFrames:
    """A trajectory: the hinge drifts between its stops, the state changes in one frame of fifteen, the noise is new in each."""
    rng = np.random.default_rng(seed)
    state = np.cumsum(rng.random(count) < 1 / 15) % 2
    way = rng.uniform(-1, 1) + np.cumsum(rng.normal(0, 0.25, count))
    hinge = np.abs((way + 1) % 4 - 2) - 1
    return _frames(state, hinge, n_beads, rng)


def _frames(
    state: NDArray[np.int64], hinge: NDArray[np.float64], n_beads: int, rng: np.random.Generator
) -> HingeFrames:
    count = len(state)
    middle = (n_beads - 3) // 2
    dihedrals = np.full((count, n_beads - 3), np.radians(50.0))
    angles = np.full((count, n_beads - 2), np.radians(95.0))
    stretched = np.flatnonzero(state)[:, None]
    dihedrals[stretched, np.arange(middle - 1)] = np.radians(-170.0)
    angles[stretched, np.arange(middle - 1)] = np.radians(125.0)
    dihedrals[:, middle] = 0.6 * np.pi * hinge + 0.3
    dihedrals += rng.normal(0, 0.1, dihedrals.shape)
    angles += rng.normal(0, 0.05, angles.shape)
    positions = build_chains(angles, dihedrals) + rng.normal(0, 0.03, (count, n_beads, 3))
    return HingeFrames(positions.astype(np.float32), state, hinge)


def build_chains(angles: NDArray[np.float64], dihedrals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chains (n, m + 2, 3) from bond angles (n, m) and dihedrals (n, m - 1), bead by bead."""
    count, n_beads = len(angles), angles.shape[1] + 2
    chains = np.zeros((count, n_beads, 3))
    chains[:, 1, 0] = BOND
    chains[:, 2] = chains[:, 1] + BOND * np.stack(
        [-np.cos(angles[:, 0]), np.sin(angles[:, 0]), np.zeros(count)], axis=1
    )
    for bead in range(3, n_beads):
        before, axis = chains[:, bead - 2] - chains[:, bead - 3], chains[:, bead - 1] - chains[:, bead - 2]
        axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
        normal = np.cross(before, axis)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        bend, twist = angles[:, bead - 2, None], dihedrals[:, bead - 3, None]
        sideways = np.cos(twist) * np.cross(normal, axis) + np.sin(twist) * normal
        chains[:, bead] = chains[:, bead - 1] + BOND * (-np.cos(bend) * axis + np.sin(bend) * sideways)
    return chains
