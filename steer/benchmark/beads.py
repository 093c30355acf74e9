"""A walker on a landscape as the coordinator's molecule: how its beads are read and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic

__all__ = ["WalkerBeads"]

_RECORD = "HETATM{serial:5d}  W   TOY A{serial:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           X\n"


@dataclass(frozen=True)
class WalkerBeads:
    """What a coordinator asks of a molecule; see `sims.martini.model.CoarseModel`.

    Attributes
    ----------
    n_beads : int
    bonded : ndarray, shape (0, 2), int64
        No beads are bonded.
    bonded_lengths : ndarray, shape (0,)
    """

    n_beads: int
    bonded: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    bonded_lengths: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def write_pdb(self, path: Path, positions: NDArray[np.floating]) -> None:
        """Write positions (n_beads, 3) in nm."""
        records = (
            _RECORD.format(serial=i, x=x, y=y, z=z)
            for i, (x, y, z) in enumerate(10 * np.asarray(positions, float), start=1)
        )
        write_atomic(path, "".join(records) + "END\n")

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Positions (n_beads, 3) in nm."""
        lines = [line for line in path.read_text().splitlines() if line.startswith("HETATM")]
        return np.array([[float(line[i : i + 8]) / 10 for i in (30, 38, 46)] for line in lines])
