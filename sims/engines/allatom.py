"""All-atom simulation, seen as beads: the `Engine` seam on CHARMM36m in water or AMBER in implicit solvent."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from openmm import app, unit

from sims.allatom import AllAtomModel, AllAtomOptions, minimise_and_relax
from sims.allatom.relaxation import STAGES
from sims.engines.base import OpenMMEngine
from sims.engines.dynamics import Dynamics, Thermostat
from sims.engines.protocol import Level, Progress
from sims.files import write_atomic
from sims.mapping import BeadMapping
from sims.platforms import PlatformChoice, choose_platform
from sims.structure import Structure

__all__ = ["AllAtomEngine"]

_FRICTION = 1.0


class AllAtomEngine(OpenMMEngine):
    """The `Engine` seam on atoms; its frames are the beads the atoms map to.

    Relaxation holds the solute's heavy atoms while the solvent settles (`sims.allatom.minimise_and_relax`);
    production is at constant pressure in water. It starts from the whole molecule's atoms, shape (n_atoms, 3).

    Parameters
    ----------
    structure : Structure
        The molecule: atom order, and nothing of its conformation.
    mapping : BeadMapping
        Its atoms to the followed beads.
    options : AllAtomOptions, optional
    platform : PlatformChoice, optional
        Absent: the fastest that works.
    """

    name = "allatom"
    level: Level = "aa"
    _minimisation = 1000
    _relaxation = STAGES

    def __init__(
        self,
        structure: Structure,
        mapping: BeadMapping,
        options: AllAtomOptions | None = None,
        platform: PlatformChoice | None = None,
    ) -> None:
        options = options or AllAtomOptions()
        if mapping.n_atoms != structure.n_atoms:
            raise ValueError(
                f"The mapping is for {mapping.n_atoms} atoms, but the structure has {structure.n_atoms}; "
                "build the coarse-grained model from this structure."
            )
        thermostat = Thermostat(options.temperature, _FRICTION, options.timestep)
        identity = _identity(structure, options)
        super().__init__(identity, structure.n_atoms, thermostat, platform or choose_platform())
        self._structure = structure
        self._mapping = mapping
        self._options = options

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb`` (the followed beads) and ``atoms.pdb`` (the solute's atoms)."""
        self._structure.with_positions(self.solute()).write(directory / "atoms.pdb")
        text = io.StringIO()
        beads = self._beads(self._whole())
        app.PDBFile.writeFile(
            _bead_topology(self._structure, self._mapping), beads * unit.nanometer, text, keepIds=True
        )
        write_atomic(directory / "topology.pdb", text.getvalue())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        assembly = AllAtomModel(self._structure, self._options).solvate(positions, seed)
        state = minimise_and_relax(
            assembly,
            self._options,
            seed,
            platform=self._choice.platform,
            properties=self._choice.properties,
            max_iterations=self._minimisation,
            stages=self._relaxation,
            progress=progress,
        )
        relaxed = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
        vectors = state.getPeriodicBoxVectors(asNumpy=True).value_in_unit(unit.nanometer)
        dynamics = self._set_up(assembly.system, relaxed, np.diagonal(vectors), seed)
        dynamics.move(state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond))
        return dynamics

    def _beads(self, solute: NDArray[np.float64]) -> NDArray[np.floating]:
        return self._mapping.apply(solute)


def _identity(structure: Structure, options: AllAtomOptions) -> str:
    """Tells molecules and force fields apart."""
    atoms = [(atom.name, atom.residue.name, atom.residue.chain.index) for atom in structure.topology.atoms()]
    bonds = sorted(tuple(sorted((first.index, second.index))) for first, second in structure.topology.bonds())
    digest = hashlib.sha256(repr((atoms, bonds)).encode()).hexdigest()[:16]
    return f"{options.solvent}:{digest}"


def _bead_topology(structure: Structure, mapping: BeadMapping) -> app.Topology:
    """Beads in the residues of their atoms, named as Martini does: BB, then SC1, SC2, …"""
    atoms = list(structure.topology.atoms())
    topology = app.Topology()
    chains: dict[int, app.topology.Chain] = {}
    counts: dict[int, int] = {}
    source, residue = None, None
    for bead in range(mapping.n_beads):
        owner = atoms[int(mapping.atoms_of(bead)[0])].residue
        if owner is not source:
            chain = chains.get(owner.chain.index) or topology.addChain(owner.chain.id)
            chains[owner.chain.index] = chain
            source, residue = owner, topology.addResidue(owner.name, chain, owner.id, owner.insertionCode)
        number = counts.get(owner.index, 0)
        counts[owner.index] = number + 1
        topology.addAtom("BB" if number == 0 else f"SC{number}", None, residue)
    return topology
