"""What a protein's topology says that its geometry must respect: centres, peptide bonds, rings, bonded neighbours.

Everything here is read from the topology alone, once; the quality report and the restraints then look at positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sims.structure.labels import residue_label

if TYPE_CHECKING:
    from openmm.app import Topology

__all__ = ["Anatomy", "ChiralCentre", "PeptideBond", "Ring"]

_CENTRES = (
    # Atom, its three heavy neighbours in an order that is counter-clockwise seen from outside for L, its hydrogen.
    ("CA", ("N", "C", "CB"), "HA", None),
    ("CB", ("CA", "OG1", "CG2"), "HB", "THR"),
    ("CB", ("CA", "CG1", "CG2"), "HB", "ILE"),
)

_RINGS = (
    ("CG", "CD1", "CE1", "CZ", "CE2", "CD2"),
    ("CG", "ND1", "CE1", "NE2", "CD2"),
    ("CG", "CD1", "NE1", "CE2", "CD2"),
    ("CD2", "CE2", "CZ2", "CH2", "CZ3", "CE3"),
    ("N", "CA", "CB", "CG", "CD"),
)


@dataclass(frozen=True)
class ChiralCentre:
    """One stereogenic centre.

    Attributes
    ----------
    label : str
        Atom and residue, for messages: ``"CB of THR 7 of chain A"``.
    centre : int
        Atom index.
    neighbours : tuple of int
        Three heavy neighbours, counter-clockwise seen from outside in the natural (L) form.
    hydrogen : int or None
        The fourth neighbour, when the topology has it.
    """

    label: str
    centre: int
    neighbours: tuple[int, int, int]
    hydrogen: int | None


@dataclass(frozen=True)
class PeptideBond:
    """One peptide bond.

    Attributes
    ----------
    label : str
        The two residues, for messages.
    atoms : tuple of int
        CA, C, N, CA: the omega dihedral.
    proline : bool
        Whether the second residue is a proline, where cis is natural.
    """

    label: str
    atoms: tuple[int, int, int, int]
    proline: bool


@dataclass(frozen=True)
class Ring:
    """One small ring: the residue and its atoms in order around it."""

    label: str
    atoms: tuple[int, ...]


class Anatomy:
    """A topology's centres, peptide bonds, rings and bonds.

    Parameters
    ----------
    topology : openmm.app.Topology
        A protein, with its bonds.
    """

    def __init__(self, topology: Topology) -> None:
        self._residues = list(topology.residues())
        self._names = [{atom.name: atom.index for atom in residue.atoms()} for residue in self._residues]
        atoms = list(topology.atoms())
        self.n_atoms = len(atoms)
        self.atom_labels = tuple(f"{atom.name} of {residue_label(atom.residue)}" for atom in atoms)
        self.residue_of = np.array([atom.residue.index for atom in atoms], dtype=np.int64)
        self.heavy = np.array([atom.element.symbol != "H" for atom in atoms], dtype=bool)
        self.bonds: NDArray[np.int64] = np.array(
            [(bond[0].index, bond[1].index) for bond in topology.bonds()], dtype=np.int64
        ).reshape(-1, 2)

    @cached_property
    def residue_labels(self) -> tuple[str, ...]:
        """One a residue, in order."""
        return tuple(residue_label(residue) for residue in self._residues)

    @cached_property
    def alpha_carbons(self) -> NDArray[np.int64]:
        """Indices of the CA atoms, in residue order."""
        return np.array([names["CA"] for names in self._names if "CA" in names], dtype=np.int64)

    @cached_property
    def centres(self) -> tuple[ChiralCentre, ...]:
        """Every CA but glycine's, and the CB of threonine and isoleucine."""
        return tuple(self._find_centres())

    @cached_property
    def peptide_bonds(self) -> tuple[PeptideBond, ...]:
        """Every C-N bond between two residues."""
        return tuple(self._find_peptide_bonds())

    @cached_property
    def rings(self) -> tuple[Ring, ...]:
        """Rings of PHE, TYR, HIS, TRP (both) and PRO."""
        return tuple(self._find_rings())

    @cached_property
    def adjacency(self) -> sparse.csr_array:
        """Symmetric 0/1 matrix of bonds, shape (n_atoms, n_atoms)."""
        rows, columns = np.concatenate([self.bonds, self.bonds[:, ::-1]]).T
        ones = np.ones(len(rows), dtype=np.int8)
        matrix = sparse.csr_array((ones, (rows, columns)), shape=(self.n_atoms, self.n_atoms))
        return matrix

    def neighbours(self, atom: int) -> NDArray[np.int64]:
        """Indices of the atoms bonded to `atom`, ascending."""
        matrix = self.adjacency
        found = matrix.indices[matrix.indptr[atom] : matrix.indptr[atom + 1]]
        return np.sort(found.astype(np.int64))

    @cached_property
    def close_by_bonds(self) -> frozenset[tuple[int, int]]:
        """Pairs (i < j) one or two bonds apart: near each other in any sound structure."""
        reach = (self.adjacency + self.adjacency @ self.adjacency).tocoo()
        rows, columns = reach.coords
        return frozenset((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if i < j)

    def _find_centres(self) -> Iterator[ChiralCentre]:
        for label, residue, names in zip(self.residue_labels, self._residues, self._names, strict=True):
            for atom, neighbours, hydrogen, only in _CENTRES:
                if (only is not None and residue.name != only) or not names.keys() >= {atom, *neighbours}:
                    continue
                a, b, c = (names[name] for name in neighbours)
                yield ChiralCentre(f"{atom} of {label}", names[atom], (a, b, c), names.get(hydrogen))

    def _find_peptide_bonds(self) -> Iterator[PeptideBond]:
        carbons = {names["C"]: at for at, names in enumerate(self._names) if names.keys() >= {"C", "CA"}}
        nitrogens = {names["N"]: at for at, names in enumerate(self._names) if names.keys() >= {"N", "CA"}}
        for one, other in self.bonds.tolist():
            c, n = (one, other) if one in carbons else (other, one)
            if c not in carbons or n not in nitrogens or carbons[c] == nitrogens[n]:
                continue
            before, after = carbons[c], nitrogens[n]
            yield PeptideBond(
                f"{self.residue_labels[before]} - {self.residue_labels[after]}",
                (self._names[before]["CA"], c, n, self._names[after]["CA"]),
                self._residues[after].name == "PRO",
            )

    def _find_rings(self) -> Iterator[Ring]:
        bonded = {frozenset(pair) for pair in self.bonds.tolist()}
        for label, names in zip(self.residue_labels, self._names, strict=True):
            for ring in _RINGS:
                if not names.keys() >= set(ring):
                    continue
                atoms = tuple(names[name] for name in ring)
                closed = zip(atoms, atoms[1:] + atoms[:1], strict=True)
                if all(frozenset(pair) in bonded for pair in closed):
                    yield Ring(label, atoms)
