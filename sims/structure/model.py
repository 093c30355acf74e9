"""`Structure`: a complete all-atom molecule, its reference conformation, and the file it lives in."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from openmm.app import PDBFile, Topology

from sims.exceptions import StructureError
from sims.structure.labels import ONE_LETTER, residue_label

__all__ = ["Structure"]

_NOTE = "REMARK   6 "
_REPREPARE = "Prepare the input structure again, or restore the file from a copy."


@dataclass(frozen=True, eq=False)
class Structure:
    """A protein with every atom, hydrogens included, in one known conformation.

    Attributes
    ----------
    topology : openmm.app.Topology
        Chains, residues, atoms and bonds (disulfides included), with OpenMM's atom names.
    positions : ndarray, shape (n_atoms, 3), float64
        nm, molecules whole.
    notes : tuple of str
        What was changed or left out on the way from the input, one sentence each.
    """

    topology: Topology
    positions: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        positions = np.array(self.positions, dtype=np.float64)
        expected = (self.topology.getNumAtoms(), 3)
        if positions.shape != expected:
            raise StructureError(
                f"The positions have shape {positions.shape}, the topology needs {expected}.",
                "Give one position in nm for each atom, in the order of the topology.",
            )
        if not np.isfinite(positions).all():
            broken = int(np.flatnonzero(~np.isfinite(positions).all(axis=1))[0])
            raise StructureError(
                f"The position of atom {broken} is not finite.", "Give finite coordinates in nm."
            )
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return int(self.topology.getNumAtoms())

    @property
    def sequence(self) -> str:
        """One-letter sequence, chains separated by ``:``; the form `from_sequence` reads."""
        chains = (chain.residues() for chain in self.topology.chains())
        return ":".join("".join(ONE_LETTER.get(residue.name, "X") for residue in chain) for chain in chains)

    @property
    def residue_labels(self) -> tuple[str, ...]:
        """How each residue is named in messages: ``LEU 12 of chain A``."""
        return tuple(residue_label(residue) for residue in self.topology.residues())

    @property
    def disulfides(self) -> tuple[tuple[int, int], ...]:
        """Atom indices of the two sulfurs of each disulfide bond."""
        return tuple(
            sorted(
                (min(first.index, second.index), max(first.index, second.index))
                for first, second in self.topology.bonds()
                if first.name == second.name == "SG" and first.residue is not second.residue
            )
        )

    def with_positions(self, positions: ArrayLike) -> Structure:
        """The same molecule in another conformation.

        Parameters
        ----------
        positions : array_like, shape (n_atoms, 3)
            nm, in the order of the topology.

        Raises
        ------
        StructureError
            When the shape differs or a coordinate is not finite.
        """
        return replace(self, positions=np.asarray(positions, dtype=np.float64))

    def write(self, path: Path) -> None:
        """Write a PDB file atomically: whole or not at all. Coordinates keep 0.0001 nm; notes become remarks.

        Parameters
        ----------
        path : Path
            An existing file is replaced.
        """
        text = io.StringIO()
        text.writelines(f"{_NOTE}{note}\n" for note in self.notes)
        PDBFile.writeFile(self.topology, self.positions * 10.0, text, keepIds=True)
        _write_atomically(Path(path), text.getvalue())

    @classmethod
    def read(cls, path: Path) -> Structure:
        """Read what `write` wrote: same atoms in the same order, same bonds, same notes.

        Raises
        ------
        StructureError
            When the file is absent or damaged.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            pdb = PDBFile(io.StringIO(text))
        except (OSError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise StructureError(
                f"The prepared structure cannot be read: {error}.", _REPREPARE, str(path)
            ) from error
        if pdb.topology.getNumAtoms() == 0:
            raise StructureError("The prepared structure holds no atoms.", _REPREPARE, str(path))
        notes = tuple(line[len(_NOTE) :].rstrip() for line in text.splitlines() if line.startswith(_NOTE))
        return cls(pdb.topology, np.asarray(pdb.getPositions(asNumpy=True)._value, dtype=np.float64), notes)


def _write_atomically(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
