"""Completing a structure: atoms that are missing are laid on from a reference conformation, group by group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.backmap.anatomy import Anatomy
from sims.backmap.geometry import rigid_fit

__all__ = ["complete"]

_ENOUGH = 3
"""Points that fix a rigid fit."""


def complete(
    reference: NDArray[np.floating], positions: NDArray[np.float64], anatomy: Anatomy
) -> NDArray[np.float64]:
    """Add missing atoms, hydrogens first of all.

    Every missing atom has a neighbour that is there. That neighbour and what is bonded to it are fitted from the
    reference onto the structure, and the missing atom is carried along; this keeps bond lengths, angles and, where
    the neighbour has a single other bond, the torsion.

    Parameters
    ----------
    reference : ndarray, shape (n_atoms, 3)
        A complete conformation, nm.
    positions : ndarray, shape (n_atoms, 3)
        nm; rows of missing atoms are NaN.
    anatomy : Anatomy
        Of their topology.

    Returns
    -------
    ndarray, shape (n_atoms, 3)

    Raises
    ------
    ValueError
        When a missing atom is not connected to any atom that is there.
    """
    model = np.asarray(reference, dtype=np.float64)
    whole = positions.copy()
    while not (known := _are_finite(whole)).all():
        reachable = _anchors(anatomy, known)
        if not reachable:
            missing = anatomy.atom_labels[int(np.flatnonzero(~known)[0])]
            raise ValueError(f"{missing} cannot be placed: no atom bonded to it is known.")
        for anchor in reachable:
            support = _support(anatomy, anchor, known)
            rotation, translation = rigid_fit(model[support], whole[support], np.ones(len(support)))
            added = [atom for atom in anatomy.neighbours(anchor) if not known[atom]]
            whole[added] = model[added] @ rotation.T + translation
    return whole


def _are_finite(positions: NDArray[np.float64]) -> NDArray[np.bool_]:
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(positions).all(axis=1))
    return finite


def _anchors(anatomy: Anatomy, known: NDArray[np.bool_]) -> list[int]:
    """Known atoms with an unknown neighbour; an unknown atom is left to the first of its neighbours."""
    found: dict[int, int] = {}
    for one, other in np.concatenate([anatomy.bonds, anatomy.bonds[:, ::-1]]).tolist():
        if known[one] and not known[other]:
            found[other] = min(one, found.get(other, one))
    return sorted(set(found.values()))


def _support(anatomy: Anatomy, anchor: int, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    around = {anchor, *anatomy.neighbours(anchor)[known[anatomy.neighbours(anchor)]].tolist()}
    if len(around) < _ENOUGH:
        for atom in sorted(around):
            around.update(anatomy.neighbours(atom)[known[anatomy.neighbours(atom)]].tolist())
    return np.array(sorted(around), dtype=np.int64)
