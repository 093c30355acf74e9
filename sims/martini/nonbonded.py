"""Nonbonded terms of Martini: Lennard-Jones with a potential shift, and Coulomb with a reaction field.

Both end at 1.1 nm (de Jong et al., Comput. Phys. Commun. 199, 1 (2016)). The dielectric constant is 15 within the
cut-off and infinite beyond, so that a pair's Coulomb energy is
``f q1 q2 / 15 (1/r + r^2 / (2 rc^3) - 3 / (2 rc))``. Excluded pairs keep its reaction-field part, without ``1/r``.
GROMACS adds a constant for each charge (its interaction with its own reaction field); it does not act on anything and
is left out here.

Two forms give the same forces. In the *exact* one a custom force looks every pair up in the table. In the *fast* one,
bead types get such sigma and epsilon that the Lorentz-Berthelot rules reproduce every pair with water, and OpenMM's
own, far faster force does them all; a custom force among the other beads then adds what their pairs lack. The fast form
leaves out the potential shift: its energies differ by jumps at the cut-off and must not feed a barostat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openmm
from numpy.typing import NDArray

from sims.exceptions import TopologyError
from sims.martini.parameters import BeadParameters

__all__ = [
    "CUTOFF",
    "RELATIVE_PERMITTIVITY",
    "WATER",
    "Beads",
    "exact_forces",
    "fast_forces",
    "reaction_field_self_energy",
]

CUTOFF = 1.1
"""nm, for both terms."""

RELATIVE_PERMITTIVITY = 15.0
"""Dielectric constant within the cut-off."""

WATER = "W"
"""Bead type of water, which the fast form turns upon."""

_COULOMB = 138.935458  # kJ mol^-1 nm e^-2
# OpenMM takes a finite dielectric constant beyond the cut-off; at this one its reaction field equals the limit.
_INFINITE = 1e12


@dataclass(frozen=True, eq=False)
class Beads:
    """All beads of a system, as the nonbonded forces need them.

    Attributes
    ----------
    types : ndarray, shape (n,), int64
        Index into `names`.
    charges : ndarray, shape (n,), float64
        Elementary charges.
    excluded : ndarray, shape (m, 2), int64
    names : tuple of str
        Bead types present.
    parameters : BeadParameters
    """

    types: NDArray[np.int64]
    charges: NDArray[np.float64]
    excluded: NDArray[np.int64]
    names: tuple[str, ...]
    parameters: BeadParameters


def exact_forces(beads: Beads) -> list[openmm.Force]:
    """Forces named ``lennard_jones``, ``coulomb`` and ``coulomb_excluded``, every pair looked up in the table."""
    sigma, epsilon = beads.parameters.table(beads.names)
    lennard_jones = _table_force(
        "a*(ir6^2-c6^2)-b*(ir6-c6); a=a_table(type1,type2); b=b_table(type1,type2); ir6=1/r^6;"
        f"c6={CUTOFF**-6!r}",
        {"a": 4 * epsilon * sigma**12, "b": 4 * epsilon * sigma**6},
        beads,
    )
    nothing = np.zeros((len(beads.names), 2))
    coulomb = _standard_force(beads, nothing)
    forces = [lennard_jones, coulomb, _excluded_coulomb(beads)]
    for force, name in zip(forces, ("lennard_jones", "coulomb", "coulomb_excluded"), strict=True):
        force.setName(name)
    return forces


def fast_forces(beads: Beads) -> list[openmm.Force]:
    """Forces named ``nonbonded``, ``solute_correction`` and ``coulomb_excluded``, pairs with water in the first.

    Raises
    ------
    TopologyError
        When there is no water bead, or a pair with water cannot be written by Lorentz-Berthelot rules.
    """
    if WATER not in beads.names:
        raise TopologyError(
            f"The fast form needs water beads ({WATER}); this system has none. Use the exact form."
        )
    own = _water_combining(beads)
    sigma, epsilon = beads.parameters.table(beads.names)
    mixed_sigma = (own[:, None, 0] + own[None, :, 0]) / 2
    mixed_epsilon = np.sqrt(own[:, None, 1] * own[None, :, 1])
    correction = _table_force(
        "(a*ir6-b)*ir6; a=a_table(type1,type2); b=b_table(type1,type2); ir6=1/r^6",
        {
            "a": 4 * (epsilon * sigma**12 - mixed_epsilon * mixed_sigma**12),
            "b": 4 * (epsilon * sigma**6 - mixed_epsilon * mixed_sigma**6),
        },
        beads,
    )
    others = np.flatnonzero(beads.types != beads.names.index(WATER)).tolist()
    correction.addInteractionGroup(others, others)
    forces = [_standard_force(beads, own), correction, _excluded_coulomb(beads)]
    for force, name in zip(forces, ("nonbonded", "solute_correction", "coulomb_excluded"), strict=True):
        force.setName(name)
    return forces


def reaction_field_self_energy(charges: Sequence[float]) -> float:
    """The constant that GROMACS adds to the Coulomb energy of these charges and this package leaves out (kJ/mol)."""
    return -0.5 * _COULOMB / RELATIVE_PERMITTIVITY * 1.5 / CUTOFF * math.fsum(q * q for q in charges)


def _water_combining(beads: Beads) -> NDArray[np.float64]:
    """Sigma and epsilon of each bead type that give its pair with water by Lorentz-Berthelot; shape (n_types, 2)."""
    sigma, epsilon = beads.parameters.table([WATER, *beads.names])
    sigma_water, epsilon_water = sigma[0, 0], epsilon[0, 0]
    if epsilon_water <= 0:
        raise TopologyError("Water beads do not attract each other in this table. Use the exact form.")
    own = np.column_stack([2 * sigma[0, 1:] - sigma_water, epsilon[0, 1:] ** 2 / epsilon_water])
    own[epsilon[0, 1:] == 0.0] = 0.0
    if np.any(own[:, 0] < 0):
        name = beads.names[int(np.argmax(own[:, 0] < 0))]
        raise TopologyError(
            f"The pair of {name} with water is too short for Lorentz-Berthelot rules. Use the exact form."
        )
    return own


def _table_force(
    expression: str, tables: dict[str, NDArray[np.float64]], beads: Beads
) -> openmm.CustomNonbondedForce:
    force = openmm.CustomNonbondedForce(expression)
    force.addPerParticleParameter("type")
    for name, table in tables.items():
        values = table.ravel().tolist()
        force.addTabulatedFunction(f"{name}_table", openmm.Discrete2DFunction(*table.shape, values))
    force.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(CUTOFF)
    force.setUseLongRangeCorrection(False)
    for kind in beads.types.tolist():
        force.addParticle([kind])
    for first, second in beads.excluded.tolist():
        force.addExclusion(first, second)
    return force


def _standard_force(beads: Beads, own: NDArray[np.float64]) -> openmm.NonbondedForce:
    """OpenMM's NonbondedForce: reaction field with scaled charges, and Lennard-Jones from each type's `own` values."""
    force = openmm.NonbondedForce()
    force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(CUTOFF)
    force.setReactionFieldDielectric(_INFINITE)
    force.setUseDispersionCorrection(False)
    scaled = beads.charges / math.sqrt(RELATIVE_PERMITTIVITY)
    for charge, (sigma, epsilon) in zip(scaled.tolist(), own[beads.types].tolist(), strict=True):
        force.addParticle(charge, sigma, epsilon)
    for first, second in beads.excluded.tolist():
        force.addException(first, second, 0.0, 1.0, 0.0)
    return force


def _excluded_coulomb(beads: Beads) -> openmm.CustomBondForce:
    """The reaction-field part of excluded pairs of charges."""
    force = openmm.CustomBondForce(f"step({CUTOFF!r}-r)*qq*(r^2*{0.5 / CUTOFF**3!r}-{1.5 / CUTOFF!r})")
    force.addPerBondParameter("qq")
    products = np.prod(beads.charges[beads.excluded], axis=1) * _COULOMB / RELATIVE_PERMITTIVITY
    for (first, second), product in zip(beads.excluded.tolist(), products.tolist(), strict=True):
        if product:
            force.addBond(first, second, [product])
    return force
