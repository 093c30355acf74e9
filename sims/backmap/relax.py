"""From roughly placed atoms to a sound structure on its beads.

Two minimisations. The *soft* one has the force field's bonded terms, a repulsion that stays finite when atoms sit on
top of each other, a spring from every bead of the structure mapped back to its target, and, when asked, torsions that
pull every stereogenic centre to the L form and every peptide bond to the isomer it shall have. Bonds pass through
each other there, which is how a tangled start comes undone. The *full* one is the implicit-solvent force field with
the bead springs only, so that what comes out stands without the help.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from sims.backmap.anatomy import Anatomy
from sims.backmap.beads import BeadPlaces
from sims.backmap.platform import steady_platform
from sims.backmap.protocol import BackmapRequest
from sims.backmap.quality import cis_bonds
from sims.exceptions import BackmapError

__all__ = ["IsomerTargets", "RelaxSettings", "Relaxer"]

_IMPLICIT = ("amber99sbildn.xml", "amber99_obc.xml")
_BONDED = ("HarmonicBondForce", "HarmonicAngleForce", "PeriodicTorsionForce")
_IMPROPER = math.radians(35.264)
"""Improper torsion of a perfect tetrahedron, centre first: arcsin(1/sqrt(3))."""
_LJ_MINIMUM = 2 ** (1 / 6)
_TOLERANCE = 5.0
_ROUNDS, _STUCK, _SHAKE = 4, 200.0, 0.01
"""A minimisation that ends with a root mean square force above `_STUCK` kJ/mol/nm hit a torsion of collinear atoms,
whose force has no bound; the atoms are shaken by `_SHAKE` nm and it is tried again."""


@dataclass(frozen=True)
class RelaxSettings:
    """Strengths of the two minimisations.

    Attributes
    ----------
    repulsion : float
        Height in kJ/mol of the soft repulsion where two atoms coincide.
    contact : float
        Its reach, as a share of the Lennard-Jones minimum distance.
    isomers : float
        kJ/mol of the torsions that hold the isomers.
    beads_soft, beads_full : float
        kJ/mol/nm^2 of the springs to the beads in the soft and in the full minimisation.
    soft_iterations, full_iterations : int
        Minimiser iterations at most.
    """

    repulsion: float = 60.0
    contact: float = 0.8
    isomers: float = 400.0
    beads_soft: float = 4000.0
    beads_full: float = 500.0
    soft_iterations: int = 1500
    full_iterations: int = 1000


@dataclass(frozen=True)
class IsomerTargets:
    """Torsions and the angles they shall have.

    Attributes
    ----------
    torsions : ndarray, shape (n, 4), int64
        Atom indices.
    angles : ndarray, shape (n,)
        Radians.
    """

    torsions: NDArray[np.int64]
    angles: NDArray[np.float64]

    @classmethod
    def of(cls, anatomy: Anatomy, reference: NDArray[np.floating]) -> IsomerTargets:
        """Every centre L, every peptide bond trans or, where the reference has it so, cis."""
        entries: list[tuple[tuple[int, int, int, int], float]] = []
        for centre in anatomy.centres:
            a, b, c = centre.neighbours
            for i, j, k in ((a, b, c), (b, c, a), (c, a, b)):
                entries.append(((centre.centre, i, j, k), _IMPROPER))
                if centre.hydrogen is not None:
                    entries.append(((centre.hydrogen, i, j, k), 2 * _IMPROPER))
        natural = {bond.atoms for bond in cis_bonds(anatomy, np.asarray(reference, dtype=np.float64))}
        entries += [(bond.atoms, 0.0 if bond.atoms in natural else math.pi) for bond in anatomy.peptide_bonds]
        torsions = np.array([torsion for torsion, _ in entries], dtype=np.int64).reshape(-1, 4)
        return cls(torsions, np.array([angle for _, angle in entries]))


class Relaxer:
    """Minimisations of one molecule, its force field built once.

    Parameters
    ----------
    name : str
        The backmapper that asks, for messages.
    request : BackmapRequest
        The molecule and its target beads.
    anatomy : Anatomy
        Of the request's topology.
    settings : RelaxSettings, optional
    """

    def __init__(
        self, name: str, request: BackmapRequest, anatomy: Anatomy, settings: RelaxSettings | None = None
    ) -> None:
        self._name, self._request, self._anatomy = name, request, anatomy
        self._settings = settings or RelaxSettings()
        self._field = app.ForceField(*_IMPLICIT)

    def soft(
        self, positions: NDArray[np.float64], isomers: IsomerTargets | None = None
    ) -> NDArray[np.float64]:
        """Minimise with the soft repulsion, the bead springs and the isomer torsions.

        Parameters
        ----------
        positions : ndarray, shape (n_atoms, 3)
            nm; atoms may overlap, but must not coincide.
        isomers : IsomerTargets, optional
            Held when given.

        Raises
        ------
        BackmapError
            When the minimiser fails or leaves coordinates that are not finite.
        """
        settings = self._settings
        system = self._force_field_system()
        repulsion = self._soft_repulsion(system)
        for at in reversed(range(system.getNumForces())):
            if system.getForce(at).__class__.__name__ not in _BONDED:
                system.removeForce(at)
        system.addForce(repulsion)
        if isomers is not None:
            system.addForce(_isomer_force(isomers, settings.isomers))
        system.addForce(self._bead_springs(settings.beads_soft))
        return self._minimise(system, positions, settings.soft_iterations)

    def full(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minimise in the implicit-solvent force field with the bead springs.

        Raises
        ------
        BackmapError
            When the minimiser fails or leaves coordinates that are not finite.
        """
        system = self._force_field_system()
        system.addForce(self._bead_springs(self._settings.beads_full))
        return self._minimise(system, positions, self._settings.full_iterations)

    def _force_field_system(self) -> openmm.System:
        try:
            return self._field.createSystem(
                self._request.structure.topology,
                nonbondedMethod=app.NoCutoff,
                constraints=None,
                rigidWater=False,
                removeCMMotion=False,
            )
        except ValueError as error:
            raise BackmapError(
                self._name, f"the force field cannot describe the molecule: {error}"
            ) from error

    def _soft_repulsion(self, system: openmm.System) -> openmm.CustomNonbondedForce:
        nonbonded = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
        repulsion = openmm.CustomNonbondedForce(
            "height*step(reach-r)*(1-(r/reach)^2)^2; reach=contact*(radius1+radius2)"
        )
        repulsion.addGlobalParameter("height", self._settings.repulsion)
        repulsion.addGlobalParameter("contact", self._settings.contact)
        repulsion.addPerParticleParameter("radius")
        radii = []
        for index in range(system.getNumParticles()):
            _, sigma, epsilon = nonbonded.getParticleParameters(index)
            bare = epsilon.value_in_unit(unit.kilojoule_per_mole) == 0
            radii.append(0.0 if bare else 0.5 * _LJ_MINIMUM * sigma.value_in_unit(unit.nanometer))
        smallest = min((radius for radius in radii if radius > 0), default=0.1)
        for radius in radii:
            repulsion.addParticle([radius or smallest])
        repulsion.createExclusionsFromBonds([tuple(map(int, bond)) for bond in self._anatomy.bonds], 3)
        repulsion.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffNonPeriodic)
        repulsion.setCutoffDistance(2 * max(radii) * self._settings.contact)
        return repulsion

    def _bead_springs(self, strength: float) -> openmm.CustomCentroidBondForce:
        force = openmm.CustomCentroidBondForce(1, "0.5*bead_strength*((x1-bx)^2+(y1-by)^2+(z1-bz)^2)")
        force.addGlobalParameter("bead_strength", strength)
        for name in ("bx", "by", "bz"):
            force.addPerBondParameter(name)
        places = BeadPlaces(self._request.mapping, self._anatomy)
        for bead, target in enumerate(self._request.beads.astype(np.float64)):
            atoms, weights = places.atoms(bead)
            group = force.addGroup(atoms.tolist(), weights.tolist())
            force.addBond([group], target.tolist())
        return force

    def _minimise(
        self, system: openmm.System, positions: NDArray[np.float64], iterations: int
    ) -> NDArray[np.float64]:
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), *steady_platform())
        rng = np.random.default_rng(self._request.seed)
        for _ in range(_ROUNDS):
            context.setPositions(positions)
            try:
                openmm.LocalEnergyMinimizer.minimize(context, _TOLERANCE, iterations)
            except openmm.OpenMMException as error:
                problem = f"minimisation broke down: {str(error).rstrip('.')}."
                raise BackmapError(self._name, problem) from error
            relaxed, force = _positions_and_force(context)
            if force < _STUCK:
                break
            positions = relaxed + rng.normal(scale=_SHAKE, size=relaxed.shape)
        if not np.isfinite(relaxed).all():
            raise BackmapError(self._name, "minimisation left coordinates that are not finite.")
        return relaxed


def _positions_and_force(context: openmm.Context) -> tuple[NDArray[np.float64], float]:
    """Where the atoms are, nm, and the root mean square force on them, kJ/mol/nm."""
    state = context.getState(positions=True, forces=True)
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    positions: NDArray[np.float64] = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    return positions, float(np.sqrt((forces**2).sum(axis=1).mean()))


def _isomer_force(isomers: IsomerTargets, strength: float) -> openmm.CustomTorsionForce:
    force = openmm.CustomTorsionForce("isomer_strength*(1-cos(theta-wanted))")
    force.addGlobalParameter("isomer_strength", strength)
    force.addPerTorsionParameter("wanted")
    torsions: Sequence[Sequence[int]] = isomers.torsions.tolist()
    for torsion, angle in zip(torsions, isomers.angles.tolist(), strict=True):
        force.addTorsion(*torsion, [angle])
    return force
