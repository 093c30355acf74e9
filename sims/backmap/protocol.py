"""The `Backmapper` seam: beads to atoms.

A backmapper gets one configuration of the followed beads and the all-atom model of the molecule, and answers with
atom positions in that model's order. It neither judges nor refines: the quality report (`sims.backmap.quality`) is
computed by us on whatever it returns, the same for every implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sims.mapping import BeadMapping
    from sims.structure import Structure

__all__ = ["BackmapRequest", "Backmapper"]


@dataclass(frozen=True)
class BackmapRequest:
    """What is known when beads are to become atoms.

    Attributes
    ----------
    beads : ndarray, shape (n_beads, 3), float32
        Target bead positions in nm, molecules whole.
    structure : Structure
        The prepared all-atom model of the campaign's molecule: topology (atom order of the answer), with the
        positions of a known conformation (the reference that may be carried over).
    mapping : BeadMapping
        Atoms to beads, for this structure's atom order.
    seed : int
        Source of randomness; another seed gives another attempt.
    """

    beads: NDArray[np.float32]
    structure: Structure
    mapping: BeadMapping
    seed: int


class Backmapper(Protocol):
    """One way from beads to atoms."""

    name: str

    def backmap(self, request: BackmapRequest) -> NDArray[np.float32]:
        """Atom positions for these beads.

        Returns
        -------
        ndarray, shape (n_atoms, 3), float32
            nm, in the order of ``request.structure.topology``, every atom present, hydrogens included.

        Raises
        ------
        BackmapError
            When no structure can be made.
        """
