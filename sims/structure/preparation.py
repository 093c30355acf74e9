"""`prepare`: from a structure file as people have it to a molecule that can be simulated."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from pathlib import Path

from sims.exceptions import StructureError
from sims.structure.checks import divide_chains, refuse_clashes, trim_ends
from sims.structure.cleaning import clean_residues, keep_chains
from sims.structure.handedness import CENTRES, mirrored_centres
from sims.structure.model import Structure
from sims.structure.reading import read_records
from sims.structure.repair import Repaired, complete
from sims.structure.residues import Chain, ProteinResidue

__all__ = ["prepare"]

MAX_ATOMS = 60_000
"""Heavy atoms; the prepared molecule, hydrogens included, must fit a PDB file (99,999 atoms)."""
_IDS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_LISTED = 6


def prepare(
    source: Path, *, ph: float = 7.0, chains: Sequence[str] | None = None, keep_gaps: bool = False
) -> Structure:
    """Read a PDB or mmCIF file and make it whole.

    Takes the first model and the best occupied alternate locations; leaves out water, salt and crystallisation
    additives; builds missing heavy atoms, termini and hydrogens; finds disulfides. What was done is in the notes.

    Parameters
    ----------
    source : Path
        PDB or mmCIF file, may be compressed with gzip.
    ph : float
        Decides protonation where the file has no hydrogens.
    chains : sequence of str, optional
        Chains to keep; all when absent.
    keep_gaps : bool
        Accept breaks in a chain: each piece becomes a chain of its own.

    Returns
    -------
    Structure

    Raises
    ------
    StructureError
        When the file is no structure, or holds what cannot be simulated as it is: ligands, nucleic acids, modified
        residues, D amino acids, gaps, clashes. Names the residue and what to do.
    """
    source = Path(source)
    name = str(source)
    raw = read_records(source)
    notes = [f"The file has {raw.models} models; the first one was taken."] if raw.models > 1 else []
    parts, cleaning_notes = clean_residues(keep_chains(raw.atoms, chains, name), name)
    pieces, dividing_notes = _divide(parts, keep_gaps, name)
    notes += cleaning_notes + _note_unobserved(raw.unobserved, parts) + dividing_notes
    _refuse_unfit(pieces, name)
    pieces, mirror_notes = _with_sound_centres(pieces, name)
    refuse_clashes(pieces, name)
    named, naming_notes = _name_chains(pieces, name)
    repaired = complete(named, ph, name)
    structure = Structure(repaired.topology, repaired.positions)
    notes += mirror_notes + naming_notes + _note_repairs(repaired, named) + _note_disulfides(structure)
    return Structure(repaired.topology, repaired.positions, tuple(notes))


def _divide(
    parts: Iterable[Sequence[ProteinResidue]], keep_gaps: bool, source: str
) -> tuple[list[list[ProteinResidue]], list[str]]:
    pieces, notes = [], []
    for part in parts:
        whole, trimming_notes = trim_ends(part, source)
        divided, dividing_notes = divide_chains(whole, keep_gaps, source)
        pieces += divided
        notes += trimming_notes + dividing_notes
    return pieces, notes


def _refuse_unfit(pieces: Sequence[Sequence[ProteinResidue]], source: str) -> None:
    heavy = sum(len(residue.atoms) for piece in pieces for residue in piece)
    if heavy > MAX_ATOMS:
        raise StructureError(
            f"The protein has {heavy} heavy atoms, more than the {MAX_ATOMS} supported.",
            "Choose some of its chains (chains).",
            source,
        )
    for piece in pieces:
        if len(piece) == 1:
            raise StructureError(
                f"{piece[0].label} stands alone; a chain needs at least two residues.",
                "Delete its lines, or model the residues beside it.",
                source,
            )
        for residue in piece:
            if not -999 <= residue.number <= 9999:
                raise StructureError(
                    f"The number of {residue.label} does not fit a PDB file.", "Renumber the chain.", source
                )


def _with_sound_centres(
    pieces: list[list[ProteinResidue]], source: str
) -> tuple[list[list[ProteinResidue]], list[str]]:
    """Refuse mirrored alpha carbons; have mirrored side chains of THR and ILE rebuilt."""
    mended: list[str] = []

    def mend(residue: ProteinResidue) -> ProteinResidue:
        wrong = mirrored_centres(residue.name, residue.atoms)
        if "CA" in wrong:
            raise StructureError(
                f"{residue.label} is a D amino acid, or its CA is distorted; only L amino acids are supported.",
                "Replace it by its L form, or repair its coordinates.",
                source,
            )
        if not wrong:
            return residue
        mended.append(residue.label)
        lost = set(CENTRES[residue.name][1]) | {"CD1"}
        return _without(residue, lost - {"CA"})

    sound = [[mend(residue) for residue in piece] for piece in pieces]
    notes = [f"Side chains with a mirrored CB were rebuilt: {_listed(mended)}."] if mended else []
    return sound, notes


def _without(residue: ProteinResidue, lost: set[str]) -> ProteinResidue:
    atoms = {name: position for name, position in residue.atoms.items() if name not in lost}
    return ProteinResidue(
        residue.name, residue.number, residue.insertion, residue.chain, atoms, residue.variant
    )


def _name_chains(pieces: Sequence[Sequence[ProteinResidue]], source: str) -> tuple[list[Chain], list[str]]:
    """Give every piece a one-letter name of its own, the file's where it can be."""
    if len(pieces) > len(_IDS):
        raise StructureError(
            f"The molecule has {len(pieces)} chains, more than the {len(_IDS)} supported.",
            "Choose some of them (chains).",
            source,
        )
    wanted = {piece[0].chain for piece in pieces}
    free = [letter for letter in _IDS if letter not in wanted]
    chains: list[Chain] = []
    notes = []
    for piece in pieces:
        old = piece[0].chain
        usable = len(old) == 1 and old in _IDS and old not in {chain.id for chain in chains}
        new = old if usable else free.pop(0)
        if new != old and old:
            notes.append(
                f"Chain {old} from {piece[0].name} {piece[0].number}{piece[0].insertion} on is now chain {new}."
            )
        chains.append(Chain(new, tuple(piece)))
    return chains, notes


def _note_unobserved(
    unobserved: list[tuple[str, str]], parts: Sequence[Sequence[ProteinResidue]]
) -> list[str]:
    kept = {part[0].chain for part in parts}
    missing = [f"{residue} of chain {chain}" for chain, residue in unobserved if chain in kept]
    return [f"Not seen in the experiment and left out: {_listed(missing)}."] if missing else []


def _note_repairs(repaired: Repaired, chains: Sequence[Chain]) -> list[str]:
    notes = []
    if repaired.rebuilt:
        notes.append(f"Missing heavy atoms were built in {_listed(repaired.rebuilt)}.")
    protonated = sum(residue.variant is not None for chain in chains for residue in chain.residues)
    if protonated:
        notes.append(
            f"Protonation of {protonated} titratable residues follows the hydrogens or names in the file."
        )
    return notes


def _note_disulfides(structure: Structure) -> list[str]:
    atoms = list(structure.topology.atoms())
    labels = structure.residue_labels
    bonds = [
        f"{labels[atoms[first].residue.index]} to {labels[atoms[second].residue.index]}"
        for first, second in structure.disulfides
    ]
    return [f"Disulfide bonds: {'; '.join(bonds)}."] if bonds else []


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_LISTED])
    return shown if len(items) <= _LISTED else f"{shown} and {len(items) - _LISTED} more"
