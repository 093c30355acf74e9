"""Handedness of every centre, and hydrogens put where the heavy atoms say they belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openmm.app import Atom, Topology

__all__ = ["CENTRES", "chiral_volume", "mirrored_centres", "place_hydrogens"]

CENTRES: Mapping[str, tuple[str, tuple[str, str, str], float]] = {
    "THR": ("CB", ("CA", "OG1", "CG2"), 1.0),
    "ILE": ("CB", ("CA", "CG1", "CG2"), 1.0),
}
"""Side-chain centres: the atom, three neighbours, and the sign of their `chiral_volume` in nature."""

ALPHA = ("CA", ("N", "C", "CB"), 1.0)
"""The alpha carbon of an L amino acid."""
FLAT = 0.1
"""Chiral volumes of sound centres are about 0.7 in magnitude; below this one the centre is flat."""
BOND = 0.109
"""nm, carbon to hydrogen."""


def chiral_volume(
    centre: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    third: NDArray[np.float64],
) -> float:
    """Triple product of the unit vectors from a centre to three neighbours: its sign is the handedness."""
    a, b, c = (
        vector / np.linalg.norm(vector) for vector in (first - centre, second - centre, third - centre)
    )
    return float(np.dot(np.cross(a, b), c))


def mirrored_centres(name: str, atoms: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Names of the centres of an amino acid that are mirrored or flat.

    Parameters
    ----------
    name : str
        Residue name.
    atoms : mapping of str to ndarray, shape (3,)
        Positions by atom name, any unit; centres with missing neighbours are passed over.
    """
    wrong = []
    for centre, neighbours, sign in (ALPHA, *((CENTRES[name],) if name in CENTRES else ())):
        if all(atom in atoms for atom in (centre, *neighbours)):
            volume = chiral_volume(atoms[centre], *(atoms[atom] for atom in neighbours))
            if volume * sign < FLAT:
                wrong.append(centre)
    return wrong


def place_hydrogens(topology: Topology, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move hydrogens that sit on the wrong side of a carbon with three heavy neighbours.

    A hydrogen opposite to the three other neighbours keeps the centre's handedness; one among them makes a
    minimisation pull the centre inside out.

    Parameters
    ----------
    topology : openmm.app.Topology
    positions : ndarray, shape (n_atoms, 3)
        nm.

    Returns
    -------
    ndarray, shape (n_atoms, 3), float64
        A copy with the misplaced hydrogens moved.
    """
    placed = np.array(positions, dtype=np.float64)
    for hydrogen, carbon, neighbours in _single_hydrogens(topology):
        bonds = placed[neighbours] - placed[carbon]
        outward = -np.sum(bonds / np.linalg.norm(bonds, axis=1, keepdims=True), axis=0)
        outward /= np.linalg.norm(outward)
        direction = placed[hydrogen] - placed[carbon]
        if np.dot(direction, outward) < 0.7 * np.linalg.norm(direction):
            placed[hydrogen] = placed[carbon] + BOND * outward
    return placed


def _single_hydrogens(topology: Topology) -> Iterator[tuple[int, int, list[int]]]:
    """Each hydrogen that is alone on a carbon with three heavy neighbours."""
    bonded: dict[Atom, list[Atom]] = {atom: [] for atom in topology.atoms()}
    for first, second in topology.bonds():
        bonded[first].append(second)
        bonded[second].append(first)
    for atom, partners in bonded.items():
        hydrogens = [partner for partner in partners if partner.element.symbol == "H"]
        if atom.element.symbol == "C" and len(partners) == 4 and len(hydrogens) == 1:
            yield hydrogens[0].index, atom.index, [p.index for p in partners if p is not hydrogens[0]]
