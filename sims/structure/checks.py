"""What must hold of the atoms in a file before anything is built on them: no gaps, no clashes, sound bonds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sims.exceptions import StructureError
from sims.structure.residues import ProteinResidue

__all__ = ["divide_chains", "find_clash", "refuse_clashes", "trim_ends"]

PEPTIDE_BOND = 2.0
"""Angstrom; a longer C-N distance is a break in the chain (a peptide bond has 1.33)."""
CLASH = 1.7
"""Angstrom; heavy atoms of different residues that are closer overlap beyond what minimisation mends."""
SAME_PLACE = 0.8
"""Angstrom; atoms of one residue that are closer were not both measured."""


@dataclass(frozen=True)
class Clash:
    """Two heavy atoms in nearly the same place."""

    first: str
    second: str
    distance: float


def trim_ends(residues: Sequence[ProteinResidue], source: str) -> tuple[list[ProteinResidue], list[str]]:
    """Leave out residues at the ends of a chain that lack backbone atoms; note them.

    Raises
    ------
    StructureError
        When a residue inside the chain lacks N, CA or C, or nothing is left.
    """
    whole = [index for index, residue in enumerate(residues) if residue.has_backbone]
    if not whole:
        raise StructureError(
            f"No residue from {residues[0].label} on has the backbone atoms N, CA and C.",
            "An all-atom structure is needed; rebuild one from the trace first.",
            source,
        )
    kept = list(residues[whole[0] : whole[-1] + 1])
    for residue in kept:
        if not residue.has_backbone:
            missing = ", ".join(name for name in ("N", "CA", "C") if name not in residue.atoms)
            raise StructureError(
                f"{residue.label} lacks the backbone atom {missing}.", "Model this residue first.", source
            )
    dropped = [residue.label for residue in (*residues[: whole[0]], *residues[whole[-1] + 1 :])]
    notes = (
        [f"Left out, for lack of backbone atoms at the chain's end: {', '.join(dropped)}."] if dropped else []
    )
    return kept, notes


def divide_chains(
    residues: Sequence[ProteinResidue], keep_gaps: bool, source: str
) -> tuple[list[list[ProteinResidue]], list[str]]:
    """Pieces of a chain between its breaks: one piece, unless gaps are kept or another chain begins unannounced.

    Raises
    ------
    StructureError
        When there is a gap and `keep_gaps` is false; names the residues beside it.
    """
    pieces, notes = [[residues[0]]], []
    for before, after in itertools.pairwise(residues):
        distance = float(np.linalg.norm(after.atoms["N"] - before.atoms["C"]))
        if distance <= PEPTIDE_BOND:
            pieces[-1].append(after)
            continue
        if after.number < before.number:
            notes.append(f"A new chain begins at {after.label}, where the numbering starts again.")
        elif keep_gaps:
            notes.append(
                f"Gap kept between {before.label} and {after.label}: both sides end in charged termini."
            )
        else:
            raise StructureError(
                f"The chain is broken between {before.label} and {after.label}{_how(before, after, distance)}.",
                "Model the missing loop first (MODELLER, ColabFold), or set keep_gaps = true to accept the break.",
                source,
            )
        pieces.append([after])
    return pieces, notes


def _how(before: ProteinResidue, after: ProteinResidue, distance: float) -> str:
    missing = after.number - before.number - 1
    gap = f"the ends are {distance / 10:.2f} nm apart"
    if missing < 1:
        return f" ({gap})"
    return f" ({missing} residue{'' if missing == 1 else 's'} missing, {gap})"


def refuse_clashes(chains: Sequence[Sequence[ProteinResidue]], source: str) -> None:
    """Raise `StructureError` when two heavy atoms overlap; names the worst pair."""
    residues = [residue for chain in chains for residue in chain]
    owners = np.array([index for index, residue in enumerate(residues) for _ in residue.atoms])
    names = [name for residue in residues for name in residue.atoms]
    positions = np.array([position for residue in residues for position in residue.atoms.values()])
    ends = set(itertools.accumulate(len(chain) for chain in chains))
    follows = {(number - 1, number) for number in range(1, len(residues)) if number not in ends}
    clash = find_clash(positions, owners, names, [residue.label for residue in residues], follows)
    if clash is None:
        return
    raise StructureError(
        f"{clash.first} and {clash.second} overlap: they are {clash.distance / 10:.3f} nm apart.",
        "Choose one of two overlapping chains or conformations (chains), or repair these residues; "
        "covalent cross-links other than disulfides are not supported.",
        source,
    )


def find_clash(
    positions: NDArray[np.float64],
    owners: NDArray[np.intp],
    names: Sequence[str],
    labels: Sequence[str],
    follows: set[tuple[int, int]],
) -> Clash | None:
    """The closest pair of heavy atoms that should not be so close, or None.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        Angstrom, heavy atoms.
    owners : ndarray, shape (n,), int
        Index of each atom's residue.
    names : sequence of str
        Atom names.
    labels : sequence of str
        Residue labels, by residue index.
    follows : set of (int, int)
        Pairs of residues joined by a peptide bond.
    """
    worst: Clash | None = None
    for first, second in cKDTree(positions).query_pairs(CLASH, output_type="ndarray"):
        distance = float(np.linalg.norm(positions[first] - positions[second]))
        if _may_be_close(owners[first], owners[second], names[first], names[second], distance, follows):
            continue
        if worst is None or distance < worst.distance:
            described = [f"{names[atom]} of {labels[owners[atom]]}" for atom in (first, second)]
            worst = Clash(described[0], described[1], distance)
    return worst


def _may_be_close(
    residue: int, other: int, name: str, other_name: str, distance: float, follows: set[tuple[int, int]]
) -> bool:
    if residue == other:
        return distance >= SAME_PLACE
    low, high = sorted((int(residue), int(other)))
    pair = (name, other_name) if residue < other else (other_name, name)
    return (low, high) in follows and pair == ("C", "N") and distance >= SAME_PLACE
