"""`from_sequence`: a molecule from its one-letter sequence alone, as a random coil."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sims.exceptions import StructureError
from sims.structure.coil import grow_coil
from sims.structure.labels import THREE_LETTER
from sims.structure.model import Structure
from sims.structure.repair import complete
from sims.structure.residues import Chain, ProteinResidue

__all__ = ["from_sequence"]

MAX_RESIDUES = 1500
"""A random coil of more fills a box that no campaign could pay for."""
CANDIDATES = 5
"""Coils grown for each chain; the most compact one is taken, because the box must hold it."""
SPACING = 10.0
"""Angstrom between chains."""

_IDS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_LETTERS = "".join(sorted(THREE_LETTER))


def from_sequence(sequence: str, *, ph: float = 7.0) -> Structure:
    """Build a molecule from its sequence: ideal geometry, L residues, trans peptide bonds, no overlaps.

    The same sequence gives the same conformation. No disulfides are made: a sequence does not say which.

    Parameters
    ----------
    sequence : str
        One-letter codes, either case; chains separated by ``:``.
    ph : float
        Decides protonation.

    Returns
    -------
    Structure

    Raises
    ------
    StructureError
        For a letter that is no amino acid (named with its position), a chain shorter than two residues, or a
        sequence that is too long.
    """
    chains = [
        _residue_names(letters, number) for number, letters in enumerate(sequence.strip().split(":"), start=1)
    ]
    if sum(map(len, chains)) > MAX_RESIDUES or len(chains) > len(_IDS):
        raise StructureError(
            f"The sequence has {sum(map(len, chains))} residues in {len(chains)} chains; "
            f"at most {MAX_RESIDUES} residues in {len(_IDS)} chains can be built from sequence alone.",
            "Give a structure file (a prediction will do).",
        )
    rng = np.random.default_rng([len(sequence), *sequence.upper().encode()])
    coils = [_compact_coil(names, rng) for names in chains]
    built = [
        Chain(_IDS[index], tuple(_to_residues(names, coil, _IDS[index])))
        for index, (names, coil) in enumerate(zip(chains, _set_apart(coils), strict=True))
    ]
    repaired = complete(built, ph, "sequence")
    note = "Built from sequence as a random coil; a structure file is the better start where there is one."
    return Structure(repaired.topology, repaired.positions, (note,))


def _residue_names(letters: str, chain: int) -> list[str]:
    for position, letter in enumerate(letters, start=1):
        if letter.upper() not in THREE_LETTER:
            raise StructureError(
                f"Letter {letter!r} at position {position} of chain {chain} is no amino acid.",
                f"Use the twenty one-letter codes {_LETTERS}, and ':' between chains.",
            )
    if len(letters) < 2:
        raise StructureError(
            f"Chain {chain} of the sequence has {len(letters)} residue{'' if len(letters) == 1 else 's'}.",
            "Give every chain at least two residues.",
        )
    return [THREE_LETTER[letter.upper()] for letter in letters]


def _compact_coil(names: Sequence[str], rng: np.random.Generator) -> list[dict[str, NDArray[np.float64]]]:
    coils = [coil for _ in range(CANDIDATES) if (coil := grow_coil(names, rng)) is not None]
    if not coils:
        raise StructureError(
            f"No coil without overlaps was found for a chain of {len(names)} residues.",
            "Give a structure file.",
        )
    return min(coils, key=lambda coil: float(np.ptp(_stacked(coil), axis=0).max()))


def _set_apart(
    coils: Sequence[list[dict[str, NDArray[np.float64]]]],
) -> list[list[dict[str, NDArray[np.float64]]]]:
    """Chains on the places of a cubic lattice, so that none touches another."""
    step = max(float(np.ptp(_stacked(coil), axis=0).max()) for coil in coils) + SPACING
    edge = int(np.ceil(len(coils) ** (1 / 3) - 1e-9))
    apart = []
    for index, coil in enumerate(coils):
        place = np.array([index % edge, index // edge % edge, index // edge**2], dtype=np.float64) * step
        shift = place - _stacked(coil).mean(axis=0)
        apart.append([{name: position + shift for name, position in atoms.items()} for atoms in coil])
    return apart


def _to_residues(
    names: Sequence[str], coil: Sequence[dict[str, NDArray[np.float64]]], chain: str
) -> list[ProteinResidue]:
    return [
        ProteinResidue(name, number, "", chain, atoms)
        for number, (name, atoms) in enumerate(zip(names, coil, strict=True), start=1)
    ]


def _stacked(coil: Sequence[dict[str, NDArray[np.float64]]]) -> NDArray[np.float64]:
    return np.array([position for atoms in coil for position in atoms.values()])
