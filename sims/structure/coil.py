"""Growing a random coil: one chain of heavy atoms with ideal geometry, L residues, trans bonds and no overlaps.

The backbone is laid residue by residue from ideal bond lengths and angles (Engh and Huber, Acta Cryst. A47, 392,
1991) with dihedrals drawn from the regions that unfolded chains visit; side chains come from pdbfixer's residue
templates. A residue that finds no room takes back the ones before it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.structure.templates import cross, side_chain, unit

__all__ = ["grow_coil"]

Vector = NDArray[np.float64]
Atoms = dict[str, Vector]

N_CA, CA_C, C_N, C_O = 1.458, 1.525, 1.329, 1.231
"""Bond lengths in angstrom."""
N_CA_C, CA_C_N, C_N_CA, CA_C_O = (np.radians(angle) for angle in (111.0, 117.2, 121.7, 120.1))

ROOM = 3.05
"""Angstrom between heavy atoms of residues that are not neighbours in the chain, and between side chains."""
ROOM_BETWEEN_NEIGHBOURS = 2.7
"""Angstrom between heavy atoms of neighbouring residues, backbone involved but not joining them."""
SPREAD = 12.0
"""Degrees, standard deviation of the dihedrals around each region's centre."""
TRIES = 20
"""Draws for one residue before the chain takes back some of what it has grown."""
TAKEN_BACK = 3

POLYPROLINE, BETA, ALPHA = (-65.0, 145.0), (-120.0, 130.0), (-65.0, -42.0)
_REGIONS = (POLYPROLINE, BETA, ALPHA)
_WEIGHTS = {"ordinary": (0.4, 0.35, 0.25), "proline": (0.8, 0.0, 0.2), "before proline": (0.6, 0.4, 0.0)}
_BACKBONE = ("N", "CA", "C", "O")
_JOINED = frozenset({"CA", "C", "O"}), frozenset({"N", "CA", "C", "CB", "CD"})


@dataclass(frozen=True)
class _Placed:
    """A residue in place, and where the next one begins."""

    atoms: Atoms
    next_n: Vector
    next_ca: Vector


def grow_coil(
    residues: Sequence[str], rng: np.random.Generator, max_draws: int = 200_000
) -> list[Atoms] | None:
    """Heavy atoms of each residue by name, in angstrom; None when the chain trapped itself for `max_draws` draws.

    Parameters
    ----------
    residues : sequence of str
        Three-letter names.
    rng : numpy.random.Generator
        Source of randomness.
    max_draws : int
        Draws of dihedrals in all before giving up.
    """
    origin = np.zeros(3)
    first_ca = np.array([N_CA, 0.0, 0.0])
    before = _place(origin, first_ca, np.array([0.0, 1.0, 0.0]), C_N, C_N_CA, rng.uniform(-np.pi, np.pi))
    chain: list[_Placed] = []
    failures = draws = 0
    while len(chain) < len(residues):
        if draws >= max_draws:
            return None
        draws += 1
        previous_c = chain[-1].atoms["C"] if chain else before
        n, ca = (chain[-1].next_n, chain[-1].next_ca) if chain else (origin, first_ca)
        placed = _draw(residues, len(chain), previous_c, n, ca, rng)
        if _has_room(placed, chain):
            chain.append(placed)
            failures = 0
            continue
        failures += 1
        if failures >= TRIES:
            del chain[-TAKEN_BACK:]
            failures = 0
    return [residue.atoms for residue in chain]


def _draw(
    residues: Sequence[str], index: int, previous_c: Vector, n: Vector, ca: Vector, rng: np.random.Generator
) -> _Placed:
    phi, psi = _draw_dihedrals(residues, index, rng)
    c = _place(previous_c, n, ca, CA_C, N_CA_C, phi)
    next_n = _place(n, ca, c, C_N, CA_C_N, psi)
    oxygen = _place(n, ca, c, C_O, CA_C_O, psi + np.pi)
    next_ca = _place(ca, c, next_n, N_CA, C_N_CA, np.pi)
    atoms = {"N": n, "CA": ca, "C": c, "O": oxygen}
    ideal = side_chain(residues[index], n, ca, c)
    atoms |= _turned(residues[index], ideal, ca, float(rng.choice((-60.0, 60.0, 180.0))))
    return _Placed(atoms, next_n, next_ca)


def _draw_dihedrals(residues: Sequence[str], index: int, rng: np.random.Generator) -> tuple[float, float]:
    """Phi and psi in radians."""
    name = residues[index]
    before_proline = residues[index + 1 : index + 2] == ["PRO"]
    kind = "proline" if name == "PRO" else "before proline" if before_proline else "ordinary"
    phi, psi = _REGIONS[rng.choice(len(_REGIONS), p=_WEIGHTS[kind])]
    if name == "GLY" and rng.random() < 0.5:
        phi, psi = -phi, -psi
    phi += rng.normal(0.0, SPREAD / 2 if name == "PRO" else SPREAD)
    psi += rng.normal(0.0, SPREAD)
    return float(np.radians(phi)), float(np.radians(psi))


def _place(
    first: Vector, second: Vector, third: Vector, length: float, angle: float, dihedral: float
) -> Vector:
    """The fourth atom from bond length, angle and dihedral (NeRF; Parsons et al. 2005, 10.1002/jcc.20237)."""
    forward = unit(third - second)
    normal = unit(cross(second - first, forward))
    sideways = cross(normal, forward)
    local = np.array(
        [-np.cos(angle), np.sin(angle) * np.cos(dihedral), np.sin(angle) * np.sin(dihedral)], dtype=np.float64
    )
    return third + length * (local[0] * forward + local[1] * sideways + local[2] * normal)


def _turned(name: str, atoms: Atoms, ca: Vector, turn: float) -> Atoms:
    """A side chain turned about CA-CB by `turn` degrees."""
    if name in ("ALA", "GLY", "PRO"):
        return atoms
    beta = atoms["CB"]
    axis = unit(beta - ca)
    return {
        atom: position if atom == "CB" else beta + _rotated(position - beta, axis, np.radians(turn))
        for atom, position in atoms.items()
    }


def _has_room(placed: _Placed, chain: Sequence[_Placed]) -> bool:
    if not chain:
        return True
    atoms = placed.atoms
    neighbour = chain[-1].atoms
    begun = np.array([placed.next_n, placed.next_ca])
    beside = np.array(list(neighbour.values()))
    new = np.array(list(atoms.values()))
    if (_squared_distances(beside, begun) < ROOM_BETWEEN_NEIGHBOURS**2).any():
        return False
    if (_squared_distances(beside, new) < _room_needed(tuple(neighbour), tuple(atoms)) ** 2).any():
        return False
    if len(chain) == 1:
        return True
    old = np.array([position for residue in chain[:-1] for position in residue.atoms.values()])
    return bool((_squared_distances(old, np.concatenate([new, begun])) >= ROOM**2).all())


@functools.cache
def _room_needed(before: tuple[str, ...], after: tuple[str, ...]) -> Vector:
    """Distance to keep between each atom of a residue and each of the next one; 0 where the backbone joins them."""
    joined = np.outer([name in _JOINED[0] for name in before], [name in _JOINED[1] for name in after])
    apart = np.outer([name not in _BACKBONE for name in before], [name not in _BACKBONE for name in after])
    return np.where(joined, 0.0, np.where(apart, ROOM, ROOM_BETWEEN_NEIGHBOURS))


def _squared_distances(first: Vector, second: Vector) -> Vector:
    return np.asarray(((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=-1), dtype=np.float64)


def _rotated(vector: Vector, axis: Vector, angle: float) -> Vector:
    """Rodrigues' rotation."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(
        vector * cosine + cross(axis, vector) * sine + axis * np.dot(axis, vector) * (1 - cosine),
        dtype=np.float64,
    )
