"""From the records of a file to protein residues: what is left out is noted, what cannot be left out is refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sims.exceptions import StructureError
from sims.structure.names import (
    BUFFERS,
    D_AMINO_ACIDS,
    IONS,
    METALS,
    NUCLEOTIDES,
    PROTEIN,
    PROTONATION,
    WATERS,
)
from sims.structure.records import AtomRecord
from sims.structure.residues import BACKBONE, ProteinResidue

__all__ = ["clean_residues", "keep_chains"]

COORDINATION_DISTANCE = 2.9
"""Angstrom within which a metal ion and an atom of the protein are taken as bound."""
COORDINATION_NUMBER = 3
"""Bound atoms from which on a metal ion is part of the fold, not of the salt."""

SOLVENT = WATERS | IONS | METALS | BUFFERS
"""Residue names that are left out, structural metal ions apart."""

_CAPS = frozenset({"ACE", "NME", "NH2", "NMA", "FOR", "NHH"})


def keep_chains(atoms: list[AtomRecord], chains: Sequence[str] | None, source: str) -> list[AtomRecord]:
    """The atoms of these chains, in file order; all when `chains` is None.

    Raises
    ------
    StructureError
        When a chain is not in the file.
    """
    if chains is None:
        return atoms
    present = sorted({atom.chain for atom in atoms})
    for chain in chains:
        if chain not in present:
            named = ", ".join(repr(name) for name in present)
            raise StructureError(
                f"There is no chain {chain!r}; the file has {named}.", "Name chains that it has.", source
            )
    return [atom for atom in atoms if atom.chain in chains]


def clean_residues(atoms: list[AtomRecord], source: str) -> tuple[list[list[ProteinResidue]], list[str]]:
    """Protein residues of each chain as the file divides them, and notes on what was left out or changed.

    Raises
    ------
    StructureError
        For ligands, nucleic acids, modified residues, structural metal ions, or when no protein is left.
    """
    solute = [atom for atom in atoms if atom.residue not in SOLVENT]
    solvent = [atom for atom in atoms if atom.residue in SOLVENT]
    groups = _group(_separate_chains(solute))
    for group in groups:
        _refuse_strangers(group, source)
    _refuse_structural_metals(solvent, solute, source)
    if not groups:
        raise StructureError("The file holds no protein atoms.", "Give coordinates of a protein.", source)
    chosen = [_choose_conformer(group) for group in groups]
    notes = _note_solvent(solvent) + _note_alternates(groups, chosen) + _note_replacements(chosen)
    chains: dict[tuple[int, str], list[ProteinResidue]] = defaultdict(list)
    for group in chosen:
        chains[group[0].segment, group[0].chain].append(_to_residue(group, source))
    return list(chains.values()), notes


def _note_solvent(solvent: list[AtomRecord]) -> list[str]:
    residues = {(atom.residue, atom.segment, atom.chain, atom.number, atom.insertion) for atom in solvent}
    waters = sum(residue[0] in WATERS for residue in residues)
    others = Counter(residue[0] for residue in residues if residue[0] not in WATERS)
    notes = []
    if waters:
        notes.append(f"Left out {_count(waters, 'water molecule')}.")
    if others:
        listed = ", ".join(f"{count} {name}" for name, count in sorted(others.items()))
        notes.append(f"Left out ions and buffer: {listed}.")
    return notes


def _refuse_structural_metals(solvent: list[AtomRecord], solute: list[AtomRecord], source: str) -> None:
    heavy = [atom for atom in solute if not atom.is_hydrogen]
    metals = [atom for atom in solvent if atom.residue in METALS]
    if not heavy or not metals:
        return
    tree = cKDTree(_positions(heavy))
    for metal in metals:
        near = tree.query_ball_point(metal.position, COORDINATION_DISTANCE)
        binding = sorted({_label(heavy[index]) for index in near if heavy[index].element in ("N", "O", "S")})
        if sum(heavy[index].element in ("N", "O", "S") for index in near) >= COORDINATION_NUMBER:
            raise StructureError(
                f"The metal ion {_label(metal)} is held by {', '.join(binding)}; it is part of the fold.",
                "Metal sites are not supported: if the fold stands without it, delete its HETATM line and try again.",
                source,
            )


def _separate_chains(atoms: list[AtomRecord]) -> list[AtomRecord]:
    """Tell apart chains that share a name and have no TER between them: one begins where a residue begins again."""
    restarts: Counter[tuple[int, str]] = Counter()
    first_names: dict[tuple[int, str, int, int, str], str] = {}
    separated: list[AtomRecord] = []
    before: tuple[int, str, int, int, str] | None = None
    for atom in atoms:
        part = (atom.segment, atom.chain)
        key = (*part, restarts[part], atom.number, atom.insertion)
        if key != before and first_names.get(key) == atom.name:
            restarts[part] += 1
            key = (*part, restarts[part], atom.number, atom.insertion)
        first_names.setdefault(key, atom.name)
        before = key
        separated.append(replace(atom, segment=atom.segment + _FAR * restarts[part]))
    return separated


_FAR = 1_000_000
"""More segments than any file has."""


def _group(atoms: list[AtomRecord]) -> list[list[AtomRecord]]:
    """Atoms of one residue place together, in order of first appearance."""
    groups: dict[tuple[int, str, int, str], list[AtomRecord]] = {}
    for atom in atoms:
        groups.setdefault((atom.segment, atom.chain, atom.number, atom.insertion), []).append(atom)
    return list(groups.values())


def _refuse_strangers(group: list[AtomRecord], source: str) -> None:
    for atom in group:
        if atom.residue not in PROTEIN:
            problem, remedy = _why_refused(atom, {other.name for other in group})
            raise StructureError(problem, remedy, source)


def _why_refused(atom: AtomRecord, names: set[str]) -> tuple[str, str]:
    label = _label(atom)
    if atom.residue in NUCLEOTIDES:
        return (
            f"{label} is a nucleotide; only proteins are supported.",
            "Keep the protein chains only (chains).",
        )
    if atom.residue in D_AMINO_ACIDS:
        return (f"{label} is a D amino acid; only L amino acids are supported.", "Replace it by its L form.")
    if atom.residue in _CAPS:
        remedy = "Delete its lines; the chain then ends in a standard terminus."
        return (f"{label} caps the chain's end; such caps are not supported.", remedy)
    if names.issuperset(BACKBONE):
        remedy = (
            "Replace it by its parent residue: give it that name and delete the atoms that the parent lacks."
        )
        return (f"{label} is a modified residue; only the twenty standard amino acids are supported.", remedy)
    return (
        f"{label} is a ligand (or another molecule that is no protein), for which there are no parameters.",
        "Delete its lines, or choose chains without it (chains), if the protein stands without it.",
    )


def _choose_conformer(group: list[AtomRecord]) -> list[AtomRecord]:
    """One atom of each name: the best occupied alternate location of the residue, and its residue name."""
    weights: dict[str, list[float]] = defaultdict(list)
    for atom in group:
        if atom.alternate:
            weights[atom.alternate].append(atom.occupancy)
    if not weights:
        return group
    best = min(weights, key=lambda label: (-float(np.mean(weights[label])), label))
    name = next(atom.residue for atom in group if atom.alternate == best)
    ranked = sorted(
        (atom for atom in group if atom.residue == name),
        key=lambda atom: (atom.alternate not in ("", best), -atom.occupancy, atom.alternate),
    )
    first: dict[str, AtomRecord] = {}
    for atom in ranked:
        first.setdefault(atom.name, atom)
    kept = {id(atom) for atom in first.values()}
    return [atom for atom in group if id(atom) in kept]


def _note_alternates(groups: list[list[AtomRecord]], chosen: list[list[AtomRecord]]) -> list[str]:
    places = sum(any(atom.alternate for atom in group) for group in groups)
    notes = []
    if places:
        notes.append(
            f"{_count(places, 'residue')} with alternate locations: the best occupied one was taken."
        )
    for group, kept in zip(groups, chosen, strict=True):
        names = sorted({atom.residue for atom in group})
        if len(names) > 1 and any(atom.alternate for atom in group):
            notes.append(f"{_label(kept[0])} was taken where the file has {' or '.join(names)}.")
    return notes


def _note_replacements(chosen: list[list[AtomRecord]]) -> list[str]:
    selenium = [_label(group[0]) for group in chosen if group[0].residue == "MSE"]
    return [f"Selenomethionine was built as methionine: {', '.join(selenium)}."] if selenium else []


def _to_residue(group: list[AtomRecord], source: str) -> ProteinResidue:
    names = {atom.residue for atom in group}
    if len(names) > 1:
        raise StructureError(
            f"{_label(group[0])} and {_label(next(a for a in group if a.residue != group[0].residue))} share a number.",
            "Give every residue a number of its own, or end each chain with a TER line.",
            source,
        )
    atoms: dict[str, NDArray[np.float64]] = {}
    for atom in (_standard_atom(record) for record in group if not record.is_hydrogen):
        if atom.name in atoms:
            raise StructureError(
                f"Atom {atom.name} of {_label(atom)} occurs twice.",
                "Delete one of the two, or give the chains different names or TER lines between them.",
                source,
            )
        atoms[atom.name] = np.array(atom.position)
    first = group[0]
    standard, variant = PROTONATION.get(first.residue, (first.residue, None))
    if variant is None:
        variant = _variant_of_hydrogens(standard, [atom.name for atom in group if atom.is_hydrogen])
    return ProteinResidue(standard, first.number, first.insertion, first.chain, atoms, variant)


def _standard_atom(atom: AtomRecord) -> AtomRecord:
    if atom.residue == "MSE" and atom.name == "SE":
        return replace(atom, name="SD", element="S")
    if atom.residue == "ILE" and atom.name == "CD":
        return replace(atom, name="CD1")
    return replace(atom, name=_TERMINAL_OXYGENS.get(atom.name, atom.name))


_TERMINAL_OXYGENS = {"OT1": "O", "O1": "O", "OT": "O", "OT2": "OXT", "O2": "OXT"}


def _variant_of_hydrogens(residue: str, hydrogens: list[str]) -> str | None:
    """The protonation state that the file's hydrogens show; None when it has none there."""
    names = {name.replace("D", "H", 1) if name.startswith("D") else name for name in hydrogens}
    if residue == "HIS":
        return {(True, False): "HID", (False, True): "HIE", (True, True): "HIP"}.get(
            ("HD1" in names, "HE2" in names)
        )
    if residue == "ASP" and hydrogens:
        return "ASH" if names & {"HD1", "HD2"} else "ASP"
    if residue == "GLU" and hydrogens:
        return "GLH" if names & {"HE1", "HE2"} else "GLU"
    if residue == "LYS":
        amine = sum("HZ" in name for name in names)
        return {2: "LYN", 3: "LYS"}.get(amine)
    return None


def _label(atom: AtomRecord) -> str:
    chain = f" of chain {atom.chain}" if atom.chain else ""
    return f"{atom.residue} {atom.number}{atom.insertion}{chain}"


def _positions(atoms: list[AtomRecord]) -> NDArray[np.float64]:
    return np.array([atom.position for atom in atoms], dtype=np.float64).reshape(-1, 3)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
