"""Structures for the 3-D viewer, as PDB text: beads of frames, and the atoms of refinements, laid over each other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.beads import WalkerBeads
from sims.martini.beadpdb import format_pdb, parse_pdb
from sims.martini.model import ModelRecord
from sims.superposition import Superposition, superposition
from sims.trajectory import list_parts, read_part
from steer.exceptions import StorageError
from steer.framereader import FrameReader
from steer.links import refuse_links
from steer.molecule import read_record

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory

__all__ = ["STAGES", "Stage", "Structures"]

Stage = Literal["frame", "backmapped", "end"]

STAGES: tuple[Stage, ...] = ("frame", "backmapped", "end")
"""What may be asked for: the atoms of the very frame that is shown, as backmapped, or at the end of the refinement."""

_FILES: dict[Stage, tuple[str, str]] = {
    "backmapped": ("backmapped/backmapped.pdb", "target.pdb"),
    "end": ("end.pdb", "end-beads.pdb"),
}
"""Files of a refinement: its atoms, and its beads at that time."""


class Structures:
    """Reads structures of one campaign. May be called from any thread.

    Parameters
    ----------
    directory : CampaignDirectory
    """

    def __init__(self, directory: CampaignDirectory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._reader: FrameReader | None = None
        self._records: dict[int, ModelRecord | WalkerBeads] = {}

    def about(self, row: int) -> dict[str, float | int]:
        """Step and time of a frame, and when it arrived.

        Raises
        ------
        IndexError
            When there is no such frame.
        """
        with self._lock:
            record = self._frames().records([row])[0]
        return {
            "step": int(record["step"]),
            "time": float(record["time"]),
            "received": float(record["received"]),
            "force_field": int(record["force_field"]),
        }

    def frame(self, row: int, onto: int | None = None) -> str:
        """Beads of a frame, the backbone centred at the origin, or laid over another frame.

        Parameters
        ----------
        row : int
        onto : int, optional
            Row of the frame to lie over.

        Raises
        ------
        IndexError
            When there is no such frame.
        """
        positions, record = self._beads(row)
        move = self._move(positions, record, row if onto is None else onto)
        return format_pdb(
            move(positions), record.labels, np.array([b[:2] for b in record.bonded]).reshape(-1, 2)
        )

    def atoms(self, refinement: str, stage: Stage, onto: int) -> str | None:
        """All atoms of a refinement, laid over a frame by their beads; None while there are none.

        Parameters
        ----------
        refinement : str
            Id, as ``aa-000003``.
        stage : {"frame", "backmapped", "end"}
            At the time of the frame `onto`, which is one of the refinement's own; as backmapped; or at the end of its
            simulation.
        onto : int
            Row of the frame to lie over.
        """
        folder = self._directory.simulation(refinement)
        if stage == "frame":
            return self._at_frame(folder, onto)
        atoms, beads = (folder / name for name in _FILES[stage])
        if not atoms.is_file() or not beads.is_file():
            return None
        self._refuse_links(atoms, beads)
        _, record = self._beads(onto)
        move = self._move(parse_pdb(beads, record.labels), record, onto)
        return _moved(atoms, move)

    def _at_frame(self, folder: Path, row: int) -> str | None:
        """The atoms that were kept of one frame of a refinement; None where they were not."""
        template = folder / "atoms.pdb"
        if not template.is_file():
            return None
        atoms, beads = (self._kept(folder, name, self.about(row)["time"]) for name in ("atoms", "frames"))
        if atoms is None or beads is None:
            return None
        self._refuse_links(template)
        _, record = self._beads(row)
        return _moved(template, self._move(beads, record, row), atoms)

    def _kept(self, folder: Path, name: str, time: float) -> NDArray[np.floating] | None:
        """Positions of a trajectory at a time in ps; None where no part holds it."""
        for _, part in list_parts(folder, name):
            self._refuse_links(part)
            try:
                track = read_part(part)
            except (OSError, RuntimeError) as error:
                raise StorageError(part, f"cannot be read: {error}") from error
            # Times are kept in single precision.
            found = np.flatnonzero(np.isclose(track.times, time, rtol=2e-7, atol=1e-3))
            if len(found):
                positions: NDArray[np.floating] = track.positions[found[0]]
                return positions
        return None

    def _refuse_links(self, *files: Path) -> None:
        for file in files:
            refuse_links(self._directory.root, file.relative_to(self._directory.root).as_posix())

    def _frames(self) -> FrameReader:
        if self._reader is None:
            self._reader = FrameReader(self._directory.frames)
        self._reader.refresh()
        return self._reader

    def _beads(self, row: int) -> tuple[NDArray[np.floating], ModelRecord | WalkerBeads]:
        with self._lock:
            frames = self._frames()
            positions = frames.positions([row])[0]
            version = int(frames.force_field[row])
            if version not in self._records:
                self._records[version] = read_record(self._directory, version)
            return positions, self._records[version]

    def _move(
        self, positions: NDArray[np.floating], record: ModelRecord | WalkerBeads, onto: int
    ) -> Superposition:
        """Over the backbone of the other frame, which stands with its centre at the origin."""
        backbone = np.array([label.name == "BB" for label in record.labels])
        if not backbone.any():
            backbone[:] = True
        fixed = self._beads(onto)[0][backbone]
        return superposition(positions[backbone], fixed - fixed.mean(axis=0))


def _moved(path: Path, move: Superposition, positions: NDArray[np.floating] | None = None) -> str:
    """A PDB file with its atoms, or other positions of them in nm, moved; bonds (CONECT) are kept, nothing else is."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise StorageError(path, f"cannot be read: {error.strerror}.") from error
    atoms = [line.ljust(54) for line in lines if line.startswith(("ATOM", "HETATM"))]
    if positions is None:
        positions = 0.1 * np.array([[float(line[i : i + 8]) for i in (30, 38, 46)] for line in atoms])
    if len(positions) != len(atoms):
        raise StorageError(path, f"has {len(atoms)} atoms, the trajectory beside it {len(positions)}.")
    moved = iter(move(positions.reshape(-1, 3)) * 10.0)
    text = []
    for line in lines:
        if line.startswith(("ATOM", "HETATM")):
            x, y, z = next(moved)
            text.append(f"{line.ljust(54)[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}")
        elif line.startswith(("TER", "CONECT", "END")):
            text.append(line)
    return "\n".join(text) + "\n"
