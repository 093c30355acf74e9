"""Names of residues: one-letter codes, labels for messages, and the names CHARMM-style tools expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openmm.app import Residue, Topology

__all__ = ["ONE_LETTER", "THREE_LETTER", "charmm_residue_names", "residue_label"]

ONE_LETTER = {
    "ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E", "GLY": "G", "HIS": "H",
    "ILE": "I", "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F", "PRO": "P", "SER": "S", "THR": "T", "TRP": "W",
    "TYR": "Y", "VAL": "V",
}  # fmt: skip
"""One-letter codes of the twenty amino acids, by residue name."""

THREE_LETTER = {letter: name for name, letter in ONE_LETTER.items()}
"""Residue names of the twenty amino acids, by one-letter code."""


def residue_label(residue: Residue) -> str:
    """How a residue is named in messages: ``LEU 12 of chain A``, with the insertion code where there is one."""
    insertion = residue.insertionCode.strip()
    return f"{residue.name} {residue.id}{insertion} of chain {residue.chain.id}"


def charmm_residue_names(topology: Topology) -> tuple[str, ...]:
    """Residue names as CHARMM spells protonation states, read off the hydrogens present.

    OpenMM calls every histidine ``HIS``; martinize2's ``charmm`` library tells ``HSD``, ``HSE`` and ``HSP`` apart by
    name, and reads a plain ``HIS`` with a delta proton as charged.

    Returns
    -------
    tuple of str, one a residue
    """
    return tuple(
        _charmm_name(residue.name, {atom.name for atom in residue.atoms()}) for residue in topology.residues()
    )


def _charmm_name(name: str, atoms: set[str]) -> str:
    if name == "HIS":
        return {(True, False): "HSD", (False, True): "HSE", (True, True): "HSP"}.get(
            ("HD1" in atoms, "HE2" in atoms), "HSD"
        )
    if name == "ASP" and atoms & {"HD1", "HD2"}:
        return "ASPP"
    if name == "GLU" and atoms & {"HE1", "HE2"}:
        return "GLUP"
    if name == "LYS" and "HZ2" in atoms and "HZ1" not in atoms:
        return "LSN"
    if name == "LYS" and "HZ1" in atoms and "HZ3" not in atoms:
        return "LSN"
    return name
