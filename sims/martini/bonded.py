"""Bonded terms of Martini as OpenMM forces, one force for each kind of term.

Expressions follow the GROMACS manual (section "Bonded interactions"): harmonic and fourth-power bonds, harmonic and
cosine angles, restricted bending (Bulacu et al., J. Chem. Theory Comput. 9, 3282 (2013)), periodic dihedrals and
harmonic impropers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import openmm

from sims.martini.topology import Interaction

__all__ = ["BONDED_TERMS", "BondedTerm", "stiff_bond"]


@dataclass(frozen=True)
class BondedTerm:
    """One kind of bonded interaction.

    Attributes
    ----------
    name : str
        Name of the term and of its force.
    section : str
        Field of `MoleculeType` its interactions stand in.
    functions : frozenset of int
        GROMACS function types it takes.
    create : callable
        Makes the empty force.
    add : callable
        Adds one interaction, of the beads given, to the force.
    """

    name: str
    section: str
    functions: frozenset[int]
    create: Callable[[], Any]
    add: Callable[[Any, list[int], tuple[float, ...]], None]

    def of(self, interactions: Iterable[Interaction]) -> list[Interaction]:
        """The interactions that belong to this term."""
        return [interaction for interaction in interactions if interaction.function in self.functions]


def stiff_bond(length: float, constant: float) -> Interaction:
    """A harmonic bond's `Interaction` without beads, to stand for a constraint of this length (nm)."""
    return Interaction((), 1, (length, constant))


def _radians(degrees: float) -> float:
    return math.radians(degrees)


def _add_bond(force: openmm.HarmonicBondForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addBond(*beads, p[0], p[1])


def _create_quartic_bond() -> openmm.CustomBondForce:
    force = openmm.CustomBondForce("0.25*k*(r^2-b^2)^2")
    force.addPerBondParameter("b")
    force.addPerBondParameter("k")
    return force


def _add_quartic_bond(force: openmm.CustomBondForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addBond(*beads, [p[0], p[1]])


def _add_angle(force: openmm.HarmonicAngleForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addAngle(*beads, _radians(p[0]), p[1])


def _custom_angle(expression: str) -> Callable[[], openmm.CustomAngleForce]:
    def create() -> openmm.CustomAngleForce:
        force = openmm.CustomAngleForce(expression)
        force.addPerAngleParameter("c0")
        force.addPerAngleParameter("k")
        return force

    return create


def _add_custom_angle(force: openmm.CustomAngleForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addAngle(*beads, [math.cos(_radians(p[0])), p[1]])


def _add_proper(force: openmm.PeriodicTorsionForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addTorsion(*beads, int(p[2]), _radians(p[0]), p[1])


def _create_improper() -> openmm.CustomTorsionForce:
    force = openmm.CustomTorsionForce(
        "0.5*k*d^2; d=delta-twopi*floor(delta/twopi+0.5); delta=theta-theta0; twopi=6.283185307179586"
    )
    force.addPerTorsionParameter("theta0")
    force.addPerTorsionParameter("k")
    return force


def _add_improper(force: openmm.CustomTorsionForce, beads: list[int], p: tuple[float, ...]) -> None:
    force.addTorsion(*beads, [_radians(p[0]), p[1]])


BONDED_TERMS = (
    BondedTerm("bond", "bonds", frozenset({1, 6}), openmm.HarmonicBondForce, _add_bond),
    BondedTerm("bond_quartic", "bonds", frozenset({2}), _create_quartic_bond, _add_quartic_bond),
    BondedTerm("angle", "angles", frozenset({1}), openmm.HarmonicAngleForce, _add_angle),
    BondedTerm(
        "angle_cosine", "angles", frozenset({2}), _custom_angle("0.5*k*(cos(theta)-c0)^2"), _add_custom_angle
    ),
    BondedTerm(
        "angle_restricted",
        "angles",
        frozenset({10}),
        _custom_angle("0.5*k*((cos(theta)-c0)/sin(theta))^2"),
        _add_custom_angle,
    ),
    BondedTerm("dihedral", "dihedrals", frozenset({1, 9}), openmm.PeriodicTorsionForce, _add_proper),
    BondedTerm("improper_periodic", "dihedrals", frozenset({4}), openmm.PeriodicTorsionForce, _add_proper),
    BondedTerm("improper", "dihedrals", frozenset({2}), _create_improper, _add_improper),
)
"""Every bonded term, in the order of the force groups."""
