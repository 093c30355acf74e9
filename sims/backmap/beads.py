"""Which residue each bead stands for, read from the mapping alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.backmap.anatomy import Anatomy
from sims.backmap.protocol import BackmapRequest
from sims.exceptions import BackmapError

if TYPE_CHECKING:
    from sims.mapping import BeadMapping

__all__ = ["BeadPlaces", "check_beads"]


class BeadPlaces:
    """Residue and role of every bead.

    Parameters
    ----------
    mapping : BeadMapping
    anatomy : Anatomy
        Of the topology the mapping is for.

    Attributes
    ----------
    residue : ndarray, shape (n_beads,), int64
        Index of the residue that holds most of the bead's weight.
    backbone : ndarray, shape (n_beads,), bool
        Whether the bead holds its residue's CA.
    """

    def __init__(self, mapping: BeadMapping, anatomy: Anatomy) -> None:
        self._matrix = mapping.matrix
        heaviest = np.asarray(self._matrix.argmax(axis=1)).ravel()
        self.residue: NDArray[np.int64] = anatomy.residue_of[heaviest]
        alpha = np.zeros(anatomy.n_atoms, dtype=bool)
        alpha[anatomy.alpha_carbons] = True
        self.backbone: NDArray[np.bool_] = (self._matrix[:, alpha] != 0).sum(axis=1) > 0

    def of_residue(self, residue: int) -> NDArray[np.int64]:
        """Beads of one residue, in order: backbone first, then the side chain as martinize2 numbers it."""
        return np.flatnonzero(self.residue == residue)

    def atoms(self, bead: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Atoms of one bead and their weights."""
        matrix = self._matrix
        span = slice(matrix.indptr[bead], matrix.indptr[bead + 1])
        return matrix.indices[span].astype(np.int64), matrix.data[span].astype(np.float64)


def check_beads(backmapper: str, request: BackmapRequest) -> None:
    """See that there is one finite target for every bead of the mapping.

    Raises
    ------
    BackmapError
        Naming the bead.
    """
    beads, expected = np.asarray(request.beads), (request.mapping.n_beads, 3)
    if beads.shape != expected:
        raise BackmapError(
            backmapper, f"the target beads have shape {beads.shape} where {expected} was expected."
        )
    if not np.isfinite(beads).all():
        bead = int(np.flatnonzero(~np.isfinite(beads).all(axis=1))[0])
        raise BackmapError(backmapper, f"the position of target bead {bead} is not finite.")
