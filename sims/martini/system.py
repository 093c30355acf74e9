"""A Martini 3 system in OpenMM: molecules, a box and the parameter table in, an ``openmm.System`` out.

Every force carries the name of its term and a force group of its own, so that `energy_terms` can tell them apart. The
bonded terms obey the periodic box; virtual sites do not, so the beads of a molecule must be given whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import openmm
from numpy.typing import ArrayLike, NDArray
from openmm import unit

from sims.exceptions import TopologyError
from sims.martini.bonded import BONDED_TERMS, stiff_bond
from sims.martini.exclusions import excluded_pairs
from sims.martini.nonbonded import CUTOFF, Beads, exact_forces, fast_forces, loops_cheaply
from sims.martini.parameters import BeadParameters
from sims.martini.sites import add_virtual_sites
from sims.martini.topology import MoleculeType

__all__ = ["TERMS", "Constraints", "Form", "Molecules", "build_system", "choose_form", "energy_terms"]

Form = Literal["exact", "fast"]
"""How the nonbonded forces are computed; see `sims.martini.nonbonded`."""

Constraints = Literal["rigid", "stiff", "none"]
"""What becomes of constraints: kept, replaced by stiff bonds, or left out."""

Molecules = Sequence[tuple[MoleculeType, int]]
"""Molecule types and how many copies of each, in the order of the coordinates."""

TERMS = (
    *(term.name for term in BONDED_TERMS),
    "lennard_jones",
    "coulomb",
    "coulomb_excluded",
    "nonbonded",
    "solute_correction",
)
"""Names of the terms; a term's position is its force group."""

# Stiff enough to hold a bond within 0.01 nm at 300 K, soft enough for steps of 20 fs.
_STIFF = 30_000.0  # kJ/mol/nm^2


def build_system(
    molecules: Molecules,
    box: ArrayLike,
    parameters: BeadParameters,
    form: Form = "exact",
    constraints: Constraints = "rigid",
) -> openmm.System:
    """Build the OpenMM system of some molecules.

    Parameters
    ----------
    molecules : sequence of (MoleculeType, int)
        In the order of the coordinates.
    box : array_like, shape (3,)
        Edges of the rectangular box in nm, each at least twice the cut-off.
    parameters : BeadParameters
        Including what a Gō model adds.
    form : {"exact", "fast"}
        Which nonbonded forces; forces are the same, energies are complete in the exact form only.
    constraints : {"rigid", "stiff", "none"}
        Whether constraints hold, become bonds of 30,000 kJ/mol/nm^2, or are left out.

    Returns
    -------
    openmm.System
        Without thermostat, barostat or motion remover.

    Raises
    ------
    TopologyError
        When a bead type is unknown, a bead weighs nothing, the box is too small, or the form does not suit.
    """
    _check_choice("form", form, ("exact", "fast"))
    _check_choice("constraints", constraints, ("rigid", "stiff", "none"))
    system = openmm.System()
    edges = _check_box(box)
    system.setDefaultPeriodicBoxVectors(
        openmm.Vec3(edges[0], 0, 0), openmm.Vec3(0, edges[1], 0), openmm.Vec3(0, 0, edges[2])
    )
    for molecule, count in molecules:
        _add_particles(system, molecule, count, parameters)
    if constraints == "rigid":
        _add_constraints(system, molecules)
    for force in _bonded_forces(molecules, stiff=constraints == "stiff"):
        _install(system, force)
    beads = _gather(molecules, parameters)
    for force in exact_forces(beads) if form == "exact" else fast_forces(beads):
        _install(system, force)
    return system


def choose_form(n_water: int, n_solute: int) -> Form:
    """Which form is the faster one on a CPU.

    The fast form visits every pair of non-water beads without a neighbour list, so it loses when they are many.

    Parameters
    ----------
    n_water, n_solute : int
        Beads of water, and all others.
    """
    return "fast" if n_water > 0 and loops_cheaply(n_water, n_solute) else "exact"


def energy_terms(context: openmm.Context) -> dict[str, float]:
    """Potential energy of each term that the context's system has.

    Returns
    -------
    dict of str to float
        kJ/mol, by the names in `TERMS`.
    """
    groups = sorted(
        {force.getForceGroup() for force in context.getSystem().getForces()} & set(range(len(TERMS)))
    )
    return {
        TERMS[group]: context.getState(energy=True, groups={group})
        .getPotentialEnergy()
        .value_in_unit(unit.kilojoule_per_mole)
        for group in groups
    }


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(known)}.")


def _check_box(box: ArrayLike) -> list[float]:
    edges = np.asarray(box, dtype=np.float64)
    if edges.shape != (3,) or not np.all(np.isfinite(edges)):
        raise TopologyError("The box must be three finite edge lengths in nm.")
    if edges.min() < 2 * CUTOFF:
        raise TopologyError(
            f"The box is {edges.min():.3g} nm wide; it must be at least {2 * CUTOFF:g} nm, twice the cut-off. "
            "Add padding."
        )
    return [float(edge) for edge in edges]


def _copies(molecules: Molecules) -> Iterator[tuple[MoleculeType, int]]:
    """Every copy of every molecule with the index of its first bead."""
    offset = 0
    for molecule, count in molecules:
        for _ in range(count):
            yield molecule, offset
            offset += len(molecule)


def _masses(molecule: MoleculeType, parameters: BeadParameters) -> list[float]:
    """Mass of each bead in dalton, zero for virtual sites."""
    virtual = {site.site for site in molecule.virtual_sites}
    masses = []
    for index, atom in enumerate(molecule.atoms):
        mass = float(parameters.masses[parameters.index(atom.bead)]) if atom.mass is None else atom.mass
        if index not in virtual and mass <= 0:
            raise TopologyError(
                f"Bead {index + 1} ({atom.name}) of {molecule.name} has no mass and is no virtual site."
            )
        masses.append(0.0 if index in virtual else mass)
    return masses


def _add_particles(
    system: openmm.System, molecule: MoleculeType, count: int, parameters: BeadParameters
) -> None:
    masses = _masses(molecule, parameters)
    for _ in range(count):
        offset = system.getNumParticles()
        for mass in masses:
            system.addParticle(mass)
        add_virtual_sites(system, molecule, masses, offset)


def _add_constraints(system: openmm.System, molecules: Molecules) -> None:
    for molecule, offset in _copies(molecules):
        for constraint in molecule.constraints:
            first, second = (bead + offset for bead in constraint.atoms)
            if system.isVirtualSite(first) or system.isVirtualSite(second):
                raise TopologyError(f"{molecule.name} constrains a virtual site, which cannot be.")
            system.addConstraint(first, second, constraint.parameters[0])


def _bonded_forces(molecules: Molecules, stiff: bool) -> Iterator[openmm.Force]:
    """One force for each bonded term that occurs."""
    for term in BONDED_TERMS:
        force = term.create()
        found = False
        for molecule, offset in _copies(molecules):
            for interaction in term.of(getattr(molecule, term.section)):
                term.add(force, [bead + offset for bead in interaction.atoms], interaction.parameters)
                found = True
            if stiff and term.name == "bond":
                for constraint in molecule.constraints:
                    bond = stiff_bond(constraint.parameters[0], _STIFF)
                    term.add(force, [bead + offset for bead in constraint.atoms], bond.parameters)
                    found = True
        if found:
            force.setName(term.name)
            force.setUsesPeriodicBoundaryConditions(True)
            yield force


def _gather(molecules: Molecules, parameters: BeadParameters) -> Beads:
    names = tuple(dict.fromkeys(atom.bead for molecule, _ in molecules for atom in molecule.atoms))
    index = {name: position for position, name in enumerate(names)}
    types: list[int] = []
    charges: list[float] = []
    excluded: list[NDArray[np.int64]] = []
    for molecule, count in molecules:
        own = np.array(excluded_pairs(molecule), dtype=np.int64).reshape(-1, 2)
        excluded += [own + len(types) + copy * len(molecule) for copy in range(count if len(own) else 0)]
        types += [index[atom.bead] for atom in molecule.atoms] * count
        charges += [
            float(parameters.charges[parameters.index(atom.bead)]) if atom.charge is None else atom.charge
            for atom in molecule.atoms
        ] * count
    return Beads(
        types=np.array(types, dtype=np.int64),
        charges=np.array(charges, dtype=np.float64),
        excluded=np.concatenate(excluded) if excluded else np.zeros((0, 2), dtype=np.int64),
        names=names,
        parameters=parameters,
    )


def _install(system: openmm.System, force: openmm.Force) -> None:
    force.setForceGroup(TERMS.index(force.getName()))
    system.addForce(force)
