"""Position restraints that can be turned down during a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from openmm import CustomExternalForce, System

__all__ = ["RESTRAINT_STRENGTH", "restrain"]

RESTRAINT_STRENGTH = "restraint_strength"
"""Global parameter of the restraints: kJ/mol/nm^2; set it in the context, 0 releases them."""


def restrain(
    system: System, positions: NDArray[np.floating], indices: Iterable[int], k: float
) -> CustomExternalForce:
    """Hold atoms near these positions with ``k/2 * distance^2``, k being the global parameter `RESTRAINT_STRENGTH`.

    In a periodic system the distance is that to the nearest image.

    Parameters
    ----------
    system : openmm.System
        Gets the force; before a context is made from it.
    positions : ndarray, shape (n_particles, 3)
        nm; where each particle is held, of which only `indices` are used.
    indices : iterable of int
        Particles to hold.
    k : float
        kJ/mol/nm^2; what the parameter starts with.

    Returns
    -------
    openmm.CustomExternalForce
        The force that was added.

    Raises
    ------
    ValueError
        When the positions do not fit the system or `k` is negative.
    """
    positions = np.asarray(positions, dtype=np.float64)
    if positions.shape != (system.getNumParticles(), 3):
        raise ValueError(f"positions have shape {positions.shape}, expected {(system.getNumParticles(), 3)}")
    if not k >= 0:
        raise ValueError(f"the strength of a restraint must not be negative, but k is {k}")
    distance = "periodicdistance(x, y, z, x0, y0, z0)^2"
    if not system.usesPeriodicBoundaryConditions():
        distance = "((x - x0)^2 + (y - y0)^2 + (z - z0)^2)"
    force = CustomExternalForce(f"0.5 * {RESTRAINT_STRENGTH} * {distance}")
    force.setName("PositionRestraints")
    force.addGlobalParameter(RESTRAINT_STRENGTH, k)
    for name in ("x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    for index in indices:
        force.addParticle(int(index), positions[int(index)].tolist())
    system.addForce(force)
    return force
