"""Missing heavy atoms, termini and hydrogens, by pdbfixer and OpenMM, checked and repeated until sound."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from openmm import OpenMMException, Platform, unit
from openmm.app import Modeller, Residue, Topology
from pdbfixer import PDBFixer

from sims.exceptions import StructureError
from sims.structure.checks import find_clash
from sims.structure.handedness import mirrored_centres, place_hydrogens
from sims.structure.labels import residue_label
from sims.structure.residues import BACKBONE, Chain, ProteinResidue
from sims.structure.templates import side_chain

__all__ = ["Repaired", "complete"]

ATTEMPTS = 6
"""Tries with other randomness before giving up on missing atoms."""
LONGEST_BOND = 0.25
"""nm; a longer bond between heavy atoms of the file means a misplaced atom."""


@dataclass(frozen=True, eq=False)
class Repaired:
    """A complete molecule.

    Attributes
    ----------
    topology : openmm.app.Topology
    positions : ndarray, shape (n_atoms, 3), float64
        nm.
    rebuilt : list of str
        Labels of residues that had heavy atoms missing.
    """

    topology: Topology
    positions: NDArray[np.float64]
    rebuilt: list[str]


def complete(chains: Sequence[Chain], ph: float, source: str) -> Repaired:
    """Add what is missing: side-chain and terminal heavy atoms, then hydrogens for this pH.

    Protonation that the file itself shows (`ProteinResidue.variant`) is kept. Whatever the pH, chains end in charged
    termini, acids and lysines there are charged, and free cysteines are thiols: the force fields know no other.
    Randomness comes from fixed seeds: the same input gives the same molecule.

    Raises
    ------
    StructureError
        When bonds in the file are torn, or no sound geometry is found for the missing atoms.
    """
    text = _heavy_atoms_as_pdb([_with_beta_carbons(chain) for chain in chains])
    variants = [residue.variant for chain in chains for residue in chain.residues]
    bare = [
        f"{residue.name} {residue.number}{residue.insertion} of chain {chain.id}"
        for chain in chains
        for residue in chain.residues
        if _lacks_beta_carbon(residue)
    ]
    problem = ""
    for seed in range(1, ATTEMPTS + 1):
        fixer, rebuilt = _with_heavy_atoms(text, seed, source)
        problem = _unsound(fixer.topology, _in_nanometres(fixer.positions))
        if not problem:
            topology, positions = _with_hydrogens(fixer, _supported(variants, fixer.topology), ph, seed)
            return Repaired(topology, positions, list(dict.fromkeys(bare + rebuilt)))
    raise StructureError(
        f"The missing atoms could not be built soundly: {problem}",
        "Model the missing side chains of these residues first.",
        source,
    )


def _with_beta_carbons(chain: Chain) -> Chain:
    """The chain with every missing CB in its ideal place: pdbfixer may put one on the wrong side, and it stays there."""
    return replace(chain, residues=tuple(_with_beta_carbon(residue) for residue in chain.residues))


def _with_beta_carbon(residue: ProteinResidue) -> ProteinResidue:
    if not _lacks_beta_carbon(residue):
        return residue
    backbone = (residue.atoms[name] for name in BACKBONE)
    return replace(residue, atoms={**residue.atoms, "CB": side_chain(residue.name, *backbone)["CB"]})


def _lacks_beta_carbon(residue: ProteinResidue) -> bool:
    return residue.name != "GLY" and "CB" not in residue.atoms


def _heavy_atoms_as_pdb(chains: Sequence[Chain]) -> str:
    lines = []
    serial = 0
    for chain in chains:
        for residue in chain.residues:
            for name, (x, y, z) in residue.atoms.items():
                serial += 1
                lines.append(
                    f"ATOM  {serial % 100000:5d} {name if len(name) > 3 else ' ' + name:<4} {residue.name:>3} {chain.id}"
                    f"{residue.number:4d}{residue.insertion or ' '}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
                    f"          {name.lstrip('0123456789')[0]:>2}"
                )
        lines.append("TER")
    return "\n".join((*lines, "END", ""))


def _with_heavy_atoms(text: str, seed: int, source: str) -> tuple[PDBFixer, list[str]]:
    fixer = PDBFixer(pdbfile=io.StringIO(text), platform=Platform.getPlatform("Reference"))
    _refuse_torn_bonds(fixer.topology, _in_nanometres(fixer.positions), source)
    fixer.missingResidues = {}
    fixer.findMissingAtoms()
    rebuilt = [residue_label(residue) for residue in fixer.missingAtoms]
    try:
        fixer.addMissingAtoms(seed=seed)
    except OpenMMException as error:
        raise StructureError(
            f"The missing atoms could not be built ({error}).", "Check the coordinates of the file.", source
        ) from error
    return fixer, rebuilt


def _refuse_torn_bonds(topology: Topology, positions: NDArray[np.float64], source: str) -> None:
    for first, second in topology.bonds():
        length = float(np.linalg.norm(positions[first.index] - positions[second.index]))
        if first.residue is second.residue and length > LONGEST_BOND:
            raise StructureError(
                f"The bond {first.name}-{second.name} of {residue_label(first.residue)} is {length:.2f} nm long.",
                "Repair the coordinates of this residue, or delete its side chain to have it rebuilt.",
                source,
            )


def _unsound(topology: Topology, positions: NDArray[np.float64]) -> str:
    """What is wrong with the heavy atoms, in a sentence; empty when nothing is."""
    for residue in topology.residues():
        for centre in mirrored_centres(residue.name, _atoms(residue, positions)):
            return f"the centre {centre} of {residue_label(residue)} came out mirrored."
    residues = list(topology.residues())
    owners = np.array([atom.residue.index for atom in topology.atoms()])
    follows = {
        tuple(sorted((first.residue.index, second.residue.index)))
        for first, second in topology.bonds()
        if {first.name, second.name} == {"C", "N"} and first.residue is not second.residue
    }
    clash = find_clash(
        positions * 10,
        owners,
        [atom.name for atom in topology.atoms()],
        [residue_label(residue) for residue in residues],
        follows,
    )
    return f"{clash.first} and {clash.second} overlap." if clash else ""


def _supported(variants: Sequence[str | None], topology: Topology) -> list[str | None]:
    """These variants, but for those no force field here has: thiolates, and other ends than the standard ones."""
    bonded = {
        atom.residue for bond in topology.bonds() for atom in bond if bond[0].name == bond[1].name == "SG"
    }
    supported: list[str | None] = []
    for variant, residue in zip(variants, topology.residues(), strict=True):
        members = list(residue.chain.residues())
        if residue.name == "CYS":
            supported.append("CYX" if residue in bonded else "CYS")
        elif residue.name in ("ASP", "GLU", "LYS") and (residue is members[0] or residue is members[-1]):
            supported.append(residue.name)
        else:
            supported.append(variant)
    return supported


def _with_hydrogens(
    fixer: PDBFixer, variants: Sequence[str | None], ph: float, seed: int
) -> tuple[Topology, NDArray[np.float64]]:
    """Hydrogens spread evenly around their atoms.

    Without a force field: with one, `Modeller.addHydrogens` now and then leaves an alpha hydrogen on the wrong side.
    """
    modeller = Modeller(fixer.topology, fixer.positions)
    before = random.getstate()
    random.seed(seed)
    try:
        modeller.addHydrogens(pH=ph, variants=list(variants), platform=Platform.getPlatform("Reference"))
    finally:
        random.setstate(before)
    return modeller.topology, place_hydrogens(modeller.topology, _in_nanometres(modeller.positions))


def _atoms(residue: Residue, positions: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {atom.name: positions[atom.index] for atom in residue.atoms()}


def _in_nanometres(positions: unit.Quantity) -> NDArray[np.float64]:
    return np.array(positions.value_in_unit(unit.nanometer), dtype=np.float64).reshape(-1, 3)
