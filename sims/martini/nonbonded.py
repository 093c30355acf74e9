"""Nonbonded terms of Martini: Lennard-Jones with a potential shift, and Coulomb with a reaction field.

Both end at 1.1 nm (de Jong et al., Comput. Phys. Commun. 199, 1 (2016)). The dielectric constant is 15 within the
cut-off and infinite beyond, so that a pair's Coulomb energy is
``f q1 q2 / 15 (1/r + r^2 / (2 rc^3) - 3 / (2 rc))``. Excluded pairs keep its reaction-field part, without ``1/r``.
GROMACS adds a constant for each charge (its interaction with its own reaction field); it does not act on anything and
is left out here.

Pairs are looked up in a table only where they must be. Bead types get such sigma and epsilon that the Lorentz-Berthelot
rules reproduce every pair with water, which a force without tables computes several times faster; a table force among
the other beads then adds what their pairs lack. In the *exact* form the first is a custom force with the potential
shift; without water, or with so many other beads that looping over their pairs costs more than it saves, one table
force takes all pairs. In the *fast* form the first is OpenMM's own, far faster NonbondedForce, which knows no shift: its
forces are the same, its energies jump at the cut-off and must not feed a barostat.
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
    "loops_cheaply",
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
_VAIN_PAIRS = 6000


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
    """Forces named ``lennard_jones`` (one or two), ``coulomb`` and ``coulomb_excluded``, with complete energies."""
    forces = _shifted_forces(beads)
    for force in forces:
        force.setName("lennard_jones")
    coulomb = _standard_force(beads, np.zeros((len(beads.names), 2)))
    coulomb.setName("coulomb")
    return [*forces, coulomb, _excluded_coulomb(beads)]


def fast_forces(beads: Beads) -> list[openmm.Force]:
    """Forces named ``nonbonded``, ``solute_correction`` and ``coulomb_excluded``, pairs with water in the first.

    Raises
    ------
    TopologyError
        When there is no water bead, or a pair with water cannot be written by Lorentz-Berthelot rules.
    """
    own = _water_combining(beads)
    pairs = _standard_force(beads, own)
    pairs.setName("nonbonded")
    correction = _correction(beads, own, shifted=False)
    correction.setName("solute_correction")
    return [pairs, correction, _excluded_coulomb(beads)]


def loops_cheaply(n_water: int, n_others: int) -> bool:
    """Whether visiting every pair of non-water beads, near or far, costs less than looking every near pair up.

    Measured on one CPU thread (``tests/benchmarks/bench_martini.py``): 4 ns for a pair that is visited in vain against
    14 microseconds for the table pairs of one water bead.
    """
    return n_others * n_others <= _VAIN_PAIRS * n_water


def reaction_field_self_energy(charges: Sequence[float]) -> float:
    """The constant that GROMACS adds to the Coulomb energy of these charges and this package leaves out (kJ/mol)."""
    return -0.5 * _COULOMB / RELATIVE_PERMITTIVITY * 1.5 / CUTOFF * math.fsum(q * q for q in charges)


def _shifted_forces(beads: Beads) -> list[openmm.Force]:
    """Lennard-Jones with its potential shift, as one table force or as combining rules and their correction."""
    waters = int(np.count_nonzero(beads.types == beads.names.index(WATER))) if WATER in beads.names else 0
    if not loops_cheaply(waters, len(beads.types) - waters):
        sigma, epsilon = beads.parameters.table(beads.names)
        return [_table_force(4 * epsilon * sigma**12, 4 * epsilon * sigma**6, beads, shifted=True)]
    own = _water_combining(beads)
    return [_combining_force(beads, own), _correction(beads, own, shifted=True)]


def _water_combining(beads: Beads) -> NDArray[np.float64]:
    """Sigma and epsilon of each bead type that give its pair with water by Lorentz-Berthelot; shape (n_types, 2)."""
    if WATER not in beads.names:
        raise TopologyError(
            f"The fast form needs water beads ({WATER}); this system has none. Use the exact form."
        )
    sigma, epsilon = beads.parameters.table([WATER, *beads.names])
    sigma_water, epsilon_water = sigma[0, 0], epsilon[0, 0]
    if epsilon_water <= 0:
        raise TopologyError(
            "Water beads do not attract each other in this table; Martini needs that they do."
        )
    own = np.column_stack([2 * sigma[0, 1:] - sigma_water, epsilon[0, 1:] ** 2 / epsilon_water])
    own[epsilon[0, 1:] == 0.0] = 0.0
    if np.any(own[:, 0] < 0):
        name = beads.names[int(np.argmax(own[:, 0] < 0))]
        raise TopologyError(
            f"The pair of {name} with water is shorter than half of water's own, which cannot be."
        )
    return own


def _combining_force(beads: Beads, own: NDArray[np.float64]) -> openmm.CustomNonbondedForce:
    """Shifted Lennard-Jones by Lorentz-Berthelot rules, from each type's `own` sigma and epsilon."""
    force = openmm.CustomNonbondedForce(
        "4*sqrt(epsilon1*epsilon2)*(x*x-x-y*y+y); x=(s/r)^6; y=(s/cutoff)^6; s=0.5*(sigma1+sigma2);"
        f"cutoff={CUTOFF!r}"
    )
    force.addPerParticleParameter("sigma")
    force.addPerParticleParameter("epsilon")
    return _filled(force, own[beads.types].tolist(), beads)


def _correction(beads: Beads, own: NDArray[np.float64], shifted: bool) -> openmm.CustomNonbondedForce:
    """What pairs without water lack when computed by Lorentz-Berthelot rules from `own`."""
    sigma, epsilon = beads.parameters.table(beads.names)
    mixed_sigma = (own[:, None, 0] + own[None, :, 0]) / 2
    mixed_epsilon = np.sqrt(own[:, None, 1] * own[None, :, 1])
    force = _table_force(
        4 * (epsilon * sigma**12 - mixed_epsilon * mixed_sigma**12),
        4 * (epsilon * sigma**6 - mixed_epsilon * mixed_sigma**6),
        beads,
        shifted,
    )
    others = np.flatnonzero(beads.types != beads.names.index(WATER)).tolist()
    force.addInteractionGroup(others, others)
    return force


def _table_force(
    repulsion: NDArray[np.float64], attraction: NDArray[np.float64], beads: Beads, shifted: bool
) -> openmm.CustomNonbondedForce:
    """A/r^12 - B/r^6 with A and B from tables of shape (n_types, n_types)."""
    constant = CUTOFF**-6 if shifted else 0.0
    force = openmm.CustomNonbondedForce(
        f"repulsion(type1,type2)*(x^2-c^2)-attraction(type1,type2)*(x-c); x=1/r^6;c={constant!r}"
    )
    force.addPerParticleParameter("type")
    for name, table in (("repulsion", repulsion), ("attraction", attraction)):
        force.addTabulatedFunction(name, openmm.Discrete2DFunction(*table.shape, table.ravel().tolist()))
    return _filled(force, [[kind] for kind in beads.types.tolist()], beads)


def _filled(
    force: openmm.CustomNonbondedForce, parameters: list[list[float]], beads: Beads
) -> openmm.CustomNonbondedForce:
    """The force with cut-off, particles and exclusions."""
    force.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(CUTOFF)
    force.setUseLongRangeCorrection(False)
    for values in parameters:
        force.addParticle(values)
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
    force.setName("coulomb_excluded")
    force.setUsesPeriodicBoundaryConditions(True)
    force.addPerBondParameter("qq")
    products = np.prod(beads.charges[beads.excluded], axis=1) * _COULOMB / RELATIVE_PERMITTIVITY
    for (first, second), product in zip(beads.excluded.tolist(), products.tolist(), strict=True):
        if product:
            force.addBond(first, second, [product])
    return force
