"""Atoms of a small molecule as the coordinator's molecule: how they are called, read and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from openmm import app

from sims.files import write_atomic
from sims.martini.beadpdb import BeadLabel, format_pdb, parse_pdb

__all__ = ["AtomBeads"]


class AtomBeads:
    """Every atom of a topology, with what a coordinator asks of a molecule.

    Parameters
    ----------
    topology : openmm.app.Topology
        With its bonds.
    positions : ndarray, shape (n_atoms, 3)
        nm; bonds of these lengths are whole.
    """

    def __init__(self, topology: app.Topology, positions: NDArray[np.floating]) -> None:
        self.n_beads = topology.getNumAtoms()
        self.positions = np.asarray(positions, np.float64)
        self.labels = tuple(
            BeadLabel(
                atom.name, atom.residue.name, str(atom.residue.id), atom.residue.chain.id, atom.residue.index
            )
            for atom in topology.atoms()
        )
        self.bonded = np.array([(bond[0].index, bond[1].index) for bond in topology.bonds()], np.int64)
        self.bonded_lengths = np.linalg.norm(np.diff(self.positions[self.bonded], axis=1)[:, 0], axis=1)

    def write_pdb(self, path: Path, positions: NDArray[np.floating], *, durable: bool = True) -> None:
        """Write positions (n_beads, 3) in nm, whole or not at all; `durable` as for `sims.files.write_atomic`."""
        text = format_pdb(np.asarray(positions, np.float64), self.labels, self.bonded)
        write_atomic(path, text, durable=durable)

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Positions (n_beads, 3) in nm."""
        return parse_pdb(path, self.labels)
