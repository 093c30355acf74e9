"""Ideal side chains, from the residue templates that come with pdbfixer, laid on a backbone."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pdbfixer
from numpy.typing import NDArray

from sims.structure.pdb import parse_pdb

__all__ = ["cross", "side_chain", "unit"]

Vector = NDArray[np.float64]


def side_chain(name: str, n: Vector, ca: Vector, c: Vector) -> dict[str, Vector]:
    """Side-chain atoms of an L amino acid on this backbone, by name.

    Parameters
    ----------
    name : str
        Residue name.
    n, ca, c : ndarray, shape (3,)
        The backbone, in angstrom.

    Returns
    -------
    dict of str to ndarray, shape (3,)
        Angstrom; empty for glycine.
    """
    template = _template(name)
    turn = _frame(n, ca, c) @ _frame(template["N"], template["CA"], template["C"]).T
    return {
        atom: ca + turn @ (position - template["CA"])
        for atom, position in template.items()
        if atom not in ("N", "CA", "C", "O")
    }


@functools.cache
def _template(name: str) -> dict[str, Vector]:
    path = Path(pdbfixer.__file__).parent / "templates" / f"{name}.pdb"
    raw = parse_pdb(path.read_text(encoding="ascii"), str(path))
    return {
        atom.name: np.array(atom.position)
        for atom in raw.atoms
        if not atom.is_hydrogen and atom.name != "OXT"
    }


def _frame(n: Vector, ca: Vector, c: Vector) -> Vector:
    """Orthonormal axes, as columns, that go with a backbone."""
    x = unit(c - ca)
    z = unit(cross(x, n - ca))
    return np.stack([x, cross(z, x), z], axis=1)


def cross(a: Vector, b: Vector) -> Vector:
    """`numpy.cross` for single vectors, ten times as fast."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def unit(vector: Vector) -> Vector:
    """The vector's direction."""
    return np.asarray(vector / np.sqrt(np.dot(vector, vector)), dtype=np.float64)
