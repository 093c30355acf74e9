"""What the coordinator asks of a molecule: how many beads, which are bonded, and how a structure is read and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sims.martini.beadpdb import BeadLabel

__all__ = ["BeadMolecule"]


class BeadMolecule(Protocol):
    """The followed beads of a campaign; `sims.martini.model.CoarseModel` is one."""

    @property
    def n_beads(self) -> int:
        """Beads of a frame."""

    @property
    def bonded(self) -> NDArray[np.int64]:
        """Bonded bead pairs, shape (n, 2)."""

    @property
    def bonded_lengths(self) -> NDArray[np.float64]:
        """Their equilibrium lengths in nm, shape (n,)."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Those of the input structure (n_beads, 3), nm."""

    @property
    def labels(self) -> tuple[BeadLabel, ...]:
        """What each bead is called."""

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Positions (n_beads, 3) in nm."""

    def write_pdb(self, path: Path, positions: NDArray[np.floating], *, durable: bool = True) -> None:
        """Write positions (n_beads, 3) in nm, whole or not at all; `durable` as for `sims.files.write_atomic`."""
