"""Atoms to beads: a sparse matrix that maps whole trajectories in one product.

Each bead is the weighted mean of its atoms, with the weights that martinize2 uses: the mapping weight of the atom times
its mass. The matrix depends on the molecule only, never on its conformation. A bead that is a massless virtual site in
the coarse-grained model (the third ring bead of tryptophan, Gō sites) is placed at the centre of the atoms behind it as
well, which is near but not at the place that the model's construction gives; a simulation puts it there itself
(``Context.computeVirtualSites``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from sims.exceptions import TopologyError
from sims.files import write_atomic

__all__ = ["BeadMapping"]


@dataclass(frozen=True, eq=False)
class BeadMapping:
    """Which atoms make which bead.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, shape (n_beads, n_atoms), float64
        Row b holds the weights of bead b's atoms; every row sums to one.
    """

    matrix: csr_array

    def __post_init__(self) -> None:
        sums = self.matrix.sum(axis=1)
        if not np.allclose(sums, 1.0, atol=1e-9):
            bead = int(np.argmax(np.abs(sums - 1.0)))
            raise TopologyError(
                f"The weights of bead {bead} sum to {sums[bead]:g} where 1 was expected: it has no atoms, or the "
                "mapping is damaged."
            )

    @classmethod
    def from_weights(
        cls, weights: Iterable[tuple[int, int, float]], n_beads: int, n_atoms: int
    ) -> BeadMapping:
        """Build a mapping from its entries, normalising the weights of each bead.

        Parameters
        ----------
        weights : iterable of (bead, atom, weight)
            Zero-based; entries of the same bead and atom add up.
        n_beads, n_atoms : int
            Shape.

        Raises
        ------
        TopologyError
            When a bead has no atom of positive weight.
        """
        entries = [entry for entry in weights if entry[2] != 0.0]
        rows = np.array([row for row, _, _ in entries], dtype=np.int64)
        columns = np.array([column for _, column, _ in entries], dtype=np.int64)
        values = np.array([value for _, _, value in entries], dtype=np.float64)
        totals = np.bincount(rows, weights=values, minlength=n_beads)
        if np.any(totals <= 0.0):
            bead = int(np.argmax(totals <= 0.0))
            raise TopologyError(
                f"Bead {bead} has no atom behind it, so the structure cannot be mapped to beads."
            )
        return cls(csr_array(coo_array((values / totals[rows], (rows, columns)), shape=(n_beads, n_atoms))))

    @property
    def n_beads(self) -> int:
        """Number of beads."""
        return int(self.matrix.shape[0])

    @property
    def n_atoms(self) -> int:
        """Number of atoms of a configuration."""
        return int(self.matrix.shape[1])

    def atoms_of(self, bead: int) -> NDArray[np.int64]:
        """Indices of the atoms behind one bead, ascending."""
        begin, end = self.matrix.indptr[bead : bead + 2]
        return np.sort(self.matrix.indices[begin:end].astype(np.int64))

    def apply(self, xyz: NDArray[np.floating]) -> NDArray[np.float32]:
        """Bead positions of atom positions.

        Parameters
        ----------
        xyz : ndarray, shape (n_frames, n_atoms, 3) or (n_atoms, 3)
            nm, molecules whole.

        Returns
        -------
        ndarray, shape (n_frames, n_beads, 3) or (n_beads, 3), float32

        Raises
        ------
        ValueError
            When the number of atoms is not the mapping's.
        """
        xyz = np.asarray(xyz)
        if xyz.ndim not in (2, 3) or xyz.shape[-2:] != (self.n_atoms, 3):
            raise ValueError(
                f"Positions of shape {xyz.shape} do not fit this mapping: the last two dimensions must be "
                f"({self.n_atoms}, 3)."
            )
        frames = xyz.reshape(-1, self.n_atoms, 3)
        columns = frames.transpose(1, 0, 2).reshape(self.n_atoms, -1).astype(np.float64)
        beads = (self.matrix @ columns).reshape(self.n_beads, len(frames), 3).transpose(1, 0, 2)
        return np.ascontiguousarray(beads.reshape(*xyz.shape[:-2], self.n_beads, 3), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the mapping as a .npz of plain arrays, atomically."""
        buffer = BytesIO()
        np.savez_compressed(
            buffer,
            data=self.matrix.data.astype(np.float64),
            indices=self.matrix.indices.astype(np.int64),
            indptr=self.matrix.indptr.astype(np.int64),
            shape=np.array(self.matrix.shape, dtype=np.int64),
        )
        write_atomic(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> BeadMapping:
        """Read what `save` wrote.

        Raises
        ------
        TopologyError
            When the file is not a mapping.
        """
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
                parts = (file["data"], file["indices"], file["indptr"])
                return cls(csr_array(parts, shape=tuple(int(n) for n in file["shape"])))
        except (OSError, ValueError, KeyError, BadZipFile, EOFError) as error:
            raise TopologyError(
                f"This is not a bead mapping ({error}). Build the model again.", path
            ) from error
