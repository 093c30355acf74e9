"""CHARMM's Lennard-Jones term, moved to where OpenMM computes it fast.

CHARMM gives some pairs of atom types parameters of their own (NBFIX), so OpenMM puts its whole Lennard-Jones term into
a tabulated `CustomNonbondedForce`, which is slow on CPUs. All other pairs follow the Lorentz-Berthelot rules, which
the native `NonbondedForce` applies by itself. Here the term is moved there, and the few special pairs that occur in
the system keep a small custom force that adds (true minus Lorentz-Berthelot). Energies and forces stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from openmm import CustomNonbondedForce, Discrete2DFunction, NonbondedForce, System

__all__ = ["fold_lennard_jones"]

TABULATED = "LennardJones"
"""Name of the force that OpenMM's LennardJonesForce generator makes."""
TOLERANCE = 1e-6


@dataclass(frozen=True)
class _Table:
    """Per particle its type; per pair of types the coefficients of ``A/r^12 - B/r^6``."""

    types: NDArray[np.intp]
    a: NDArray[np.float64]
    b: NDArray[np.float64]


def fold_lennard_jones(system: System) -> bool:
    """Move a tabulated Lennard-Jones force into the system's NonbondedForce, special pairs apart.

    Parameters
    ----------
    system : openmm.System
        From CHARMM36 as OpenMM builds it; changed in place.

    Returns
    -------
    bool
        Whether there was such a force to move.
    """
    forces = system.getForces()
    tabulated = next((force for force in forces if _is_tabulated(force)), None)
    native = next((force for force in forces if isinstance(force, NonbondedForce)), None)
    if tabulated is None or native is None:
        return False
    table = _read(tabulated)
    sigma, epsilon = _own_parameters(table)
    _give(native, tabulated, sigma[table.types], epsilon[table.types])
    special = _special_pairs(table, sigma, epsilon)
    if special:
        system.addForce(_correction(tabulated, table, sigma, epsilon, special))
    system.removeForce([force.getName() for force in forces].index(TABULATED))
    return True


def _is_tabulated(force: object) -> bool:
    return isinstance(force, CustomNonbondedForce) and force.getName() == TABULATED


def _read(force: CustomNonbondedForce) -> _Table:
    types = np.array(
        [force.getParticleParameters(i)[0] for i in range(force.getNumParticles())], dtype=np.intp
    )
    tables = {force.getTabulatedFunctionName(i): force.getTabulatedFunction(i) for i in range(2)}
    a, b = (_square(tables[name]) for name in ("acoef", "bcoef"))
    return _Table(types, a, b)


def _square(function: Discrete2DFunction) -> NDArray[np.float64]:
    rows, columns, values = function.getFunctionParameters()
    return np.array(values, dtype=np.float64).reshape(columns, rows).T


def _own_parameters(table: _Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sigma and epsilon of each type from its pair with itself: A = 4 eps sigma^12, B = 4 eps sigma^6."""
    a, b = np.diag(table.a), np.diag(table.b)
    present = b > 0
    safe_a, safe_b = np.where(present, a, 1.0), np.where(present, b, 1.0)
    sigma = np.where(present, (safe_a / safe_b) ** (1 / 6), 1.0)
    epsilon = np.where(present, safe_b**2 / (4 * safe_a), 0.0)
    return sigma, epsilon


def _combined(sigma: NDArray[np.float64], epsilon: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """A and B of every pair of types by Lorentz and Berthelot."""
    sigma6 = (0.5 * (sigma[:, None] + sigma[None, :])) ** 6
    four_epsilon = 4 * np.sqrt(epsilon[:, None] * epsilon[None, :])
    return four_epsilon * sigma6**2, four_epsilon * sigma6


def _special_pairs(
    table: _Table, sigma: NDArray[np.float64], epsilon: NDArray[np.float64]
) -> list[tuple[int, int]]:
    a, b = _combined(sigma, epsilon)
    differs = ~(
        np.isclose(a, table.a, rtol=TOLERANCE, atol=0) & np.isclose(b, table.b, rtol=TOLERANCE, atol=0)
    )
    return [(int(first), int(second)) for first, second in np.argwhere(np.triu(differs))]


def _give(
    native: NonbondedForce,
    tabulated: CustomNonbondedForce,
    sigma: NDArray[np.float64],
    epsilon: NDArray[np.float64],
) -> None:
    for particle in range(native.getNumParticles()):
        charge = native.getParticleParameters(particle)[0]
        native.setParticleParameters(particle, charge, float(sigma[particle]), float(epsilon[particle]))
    native.setUseSwitchingFunction(tabulated.getUseSwitchingFunction())
    native.setSwitchingDistance(tabulated.getSwitchingDistance())
    native.setUseDispersionCorrection(tabulated.getUseLongRangeCorrection())


def _correction(
    tabulated: CustomNonbondedForce,
    table: _Table,
    sigma: NDArray[np.float64],
    epsilon: NDArray[np.float64],
    special: list[tuple[int, int]],
) -> CustomNonbondedForce:
    """What the special pairs have beyond Lorentz and Berthelot; with interaction groups it costs next to nothing."""
    a, b = _combined(sigma, epsilon)
    force = CustomNonbondedForce("acoef(type1, type2)/r^12 - bcoef(type1, type2)/r^6")
    force.setName("NBFIX")
    size = len(sigma)
    for name, difference in (("acoef", table.a - a), ("bcoef", table.b - b)):
        force.addTabulatedFunction(name, Discrete2DFunction(size, size, difference.T.ravel().tolist()))
    force.addPerParticleParameter("type")
    for particle_type in table.types:
        force.addParticle([float(particle_type)])
    for index in range(tabulated.getNumExclusions()):
        force.addExclusion(*tabulated.getExclusionParticles(index))
    for first, second in special:
        members = (np.flatnonzero(table.types == kind).tolist() for kind in (first, second))
        force.addInteractionGroup(*members)
    force.setNonbondedMethod(tabulated.getNonbondedMethod())
    force.setCutoffDistance(tabulated.getCutoffDistance())
    force.setUseSwitchingFunction(tabulated.getUseSwitchingFunction())
    force.setSwitchingDistance(tabulated.getSwitchingDistance())
    force.setUseLongRangeCorrection(tabulated.getUseLongRangeCorrection())
    return force
