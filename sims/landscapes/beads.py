"""A walker on a landscape as the coordinator's molecule: how its beads are read and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic
from sims.landscapes.protocol import Landscape
from sims.landscapes.walkers import bead_names, embed
from sims.martini.beadpdb import BeadLabel, format_pdb, parse_pdb

__all__ = ["WalkerBeads"]


class WalkerBeads:
    """Anchors and walkers, with what a coordinator asks of a molecule.

    Parameters
    ----------
    landscape : Landscape
    """

    bonded = np.empty((0, 2), np.int64)
    bonded_lengths = np.empty(0)

    def __init__(self, landscape: Landscape) -> None:
        names = bead_names(landscape)
        self.n_beads = len(names)
        self.labels = tuple(BeadLabel(name, "TOY", str(i + 1), "A", i) for i, name in enumerate(names))
        self.positions = embed(landscape, landscape.start[None])[0]

    def write_pdb(self, path: Path, positions: NDArray[np.floating], *, durable: bool = True) -> None:
        """Write positions (n_beads, 3) in nm, whole or not at all; `durable` as for `sims.files.write_atomic`."""
        text = format_pdb(np.asarray(positions, np.float64), self.labels, self.bonded)
        write_atomic(path, text, durable=durable)

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Positions (n_beads, 3) in nm."""
        return parse_pdb(path, self.labels, self.bonded)
