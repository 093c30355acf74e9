"""What a molecule is made of in the Martini force field: beads and the interactions between them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Atom", "Interaction", "MoleculeType", "VirtualSite"]


class Atom(NamedTuple):
    """One bead, as a line of ``[ atoms ]`` says it.

    Attributes
    ----------
    name : str
        ``BB``, ``SC1``.
    bead : str
        Bead type in the parameter table (``P2``).
    residue : int
        Residue number within the molecule type.
    residue_name : str
    charge : float or None
        Elementary charges; None: the bead type's.
    mass : float or None
        Dalton; None: the bead type's.
    """

    name: str
    bead: str
    residue: int
    residue_name: str
    charge: float | None = None
    mass: float | None = None


class Interaction(NamedTuple):
    """One bonded interaction.

    Attributes
    ----------
    atoms : tuple of int
        Zero-based within the molecule.
    function : int
        GROMACS function type.
    parameters : tuple of float
        As GROMACS orders them: nm, degrees, kJ/mol.
    """

    atoms: tuple[int, ...]
    function: int
    parameters: tuple[float, ...]


class VirtualSite(NamedTuple):
    """A massless bead whose place follows from others: the weighted mean of its parents, and maybe something out of plane.

    Attributes
    ----------
    site : int
        Zero-based within the molecule.
    parents : tuple of int
    weights : tuple of float or None
        One for each parent, summing to one; None: the parents' masses (centre of mass).
    cross : float
        nm^-1. Coefficient of (r2 - r1) x (r3 - r1), for sites out of the plane of three parents.
    """

    site: int
    parents: tuple[int, ...]
    weights: tuple[float, ...] | None
    cross: float = 0.0


@dataclass(frozen=True)
class MoleculeType:
    """A kind of molecule.

    Attributes
    ----------
    name : str
    exclusion_depth : int
        Pairs up to this many bonds apart do not interact by nonbonded forces (``nrexcl``; 1 in Martini).
    atoms : tuple of Atom
    bonds : tuple of Interaction
        Function 1 (harmonic), 2 (fourth power), 6 (harmonic that does not exclude).
    constraints : tuple of Interaction
        Function 1, or 2 (does not exclude).
    angles : tuple of Interaction
        Function 1 (harmonic), 2 (cosine), 10 (restricted bending).
    dihedrals : tuple of Interaction
        Function 1 and 9 (proper), 4 (periodic improper), 2 (harmonic improper).
    exclusions : tuple of (int, int)
        Pairs named under ``[ exclusions ]``.
    virtual_sites : tuple of VirtualSite
    """

    name: str
    exclusion_depth: int
    atoms: tuple[Atom, ...]
    bonds: tuple[Interaction, ...] = ()
    constraints: tuple[Interaction, ...] = ()
    angles: tuple[Interaction, ...] = ()
    dihedrals: tuple[Interaction, ...] = ()
    exclusions: tuple[tuple[int, int], ...] = ()
    virtual_sites: tuple[VirtualSite, ...] = ()

    def __len__(self) -> int:
        return len(self.atoms)

    @property
    def identity(self) -> str:
        """Hash of everything but comments and layout: two files that mean the same have the same."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
