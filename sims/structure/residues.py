"""Protein residues with one conformation each: what is left of a file after cleaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BACKBONE", "Chain", "ProteinResidue"]

BACKBONE = ("N", "CA", "C")


@dataclass(frozen=True, eq=False)
class ProteinResidue:
    """One amino acid as the file has it.

    Attributes
    ----------
    name : str
        One of the twenty standard names.
    number : int
    insertion : str
    chain : str
        Chain identifier in the file.
    atoms : dict of str to ndarray, shape (3,), float64
        Heavy atoms by name, in angstrom, in file order.
    variant : str or None
        Protonation the file asks for, by OpenMM's name; None leaves it to the pH.
    """

    name: str
    number: int
    insertion: str
    chain: str
    atoms: dict[str, NDArray[np.float64]]
    variant: str | None = None

    @property
    def label(self) -> str:
        """How messages name it: ``LEU 12 of chain A``."""
        chain = f" of chain {self.chain}" if self.chain else ""
        return f"{self.name} {self.number}{self.insertion}{chain}"

    @property
    def has_backbone(self) -> bool:
        """Whether N, CA and C are all there."""
        return all(name in self.atoms for name in BACKBONE)


@dataclass(frozen=True, eq=False)
class Chain:
    """One chain of consecutive residues.

    Attributes
    ----------
    id : str
        One printable character, unique in the molecule.
    residues : tuple of ProteinResidue
    """

    id: str
    residues: tuple[ProteinResidue, ...]
