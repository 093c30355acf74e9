"""Trajectories on disk, one XTC file a segment: a part is whole or absent.

A part is named after the step at which its segment began: ``frames-000000500000.xtc`` holds the frames after step
500,000 up to the end of that segment. Any program that reads XTC and PDB opens them together with the structure
beside them.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from mdtraj.formats import XTCTrajectoryFile
from numpy.typing import NDArray

from sims.files import publish, temporary_beside

__all__ = ["PartWriter", "Track", "discard_parts_from", "list_parts", "part_path", "read_part", "read_parts"]

_LAST_XTC_STEP = 2**31 - 1


@dataclass(frozen=True)
class Track:
    """Frames read back from the parts of one trajectory.

    Attributes
    ----------
    times : ndarray, shape (n_frames,), float32
        ps.
    positions : ndarray, shape (n_frames, n, 3), float32
        nm.
    boxes : ndarray, shape (n_frames, 3), float32
        Edge lengths in nm; zeros for none.
    """

    times: NDArray[np.float32]
    positions: NDArray[np.float32]
    boxes: NDArray[np.float32]


def part_path(directory: Path, name: str, first_step: int) -> Path:
    """Path of the part that begins at `first_step`."""
    return directory / f"{name}-{first_step:012d}.xtc"


def list_parts(directory: Path, name: str = "frames") -> list[tuple[int, Path]]:
    """(first step, path) of every whole part of the trajectory `name`, in order."""
    pattern = re.compile(rf"{re.escape(name)}-([0-9]{{12,}})\.xtc")
    found = ((pattern.fullmatch(path.name), path) for path in directory.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def discard_parts_from(directory: Path, name: str, step: int) -> None:
    """Delete the parts that begin at `step` or later, which are about to be made again."""
    for first_step, path in list_parts(directory, name):
        if first_step >= step:
            path.unlink()


def read_parts(directory: Path, name: str = "frames") -> Track:
    """All frames of the trajectory `name`, its parts joined.

    Raises
    ------
    FileNotFoundError
        When there is no whole part.
    """
    parts = list_parts(directory, name)
    if not parts:
        raise FileNotFoundError(f"{directory} holds no whole trajectory part '{name}-*.xtc'.")
    tracks = [read_part(path) for _, path in parts]
    return Track(
        np.concatenate([track.times for track in tracks]),
        np.concatenate([track.positions for track in tracks]),
        np.concatenate([track.boxes for track in tracks]),
    )


def read_part(path: Path) -> Track:
    """All frames of one part."""
    with XTCTrajectoryFile(str(path)) as file:
        positions, times, _, boxes = file.read()
    if boxes is None:  # what mdtraj makes of boxes that are all zero, from 1.11.1.post2 on
        return Track(times, positions, np.zeros((len(times), 3), np.float32))
    return Track(times, positions, np.diagonal(boxes, axis1=1, axis2=2).copy())


class PartWriter:
    """Writes one part under a temporary name; `finish` gives it its own.

    Left by an exception, or never finished, nothing appears. A part without frames does not appear either.

    Parameters
    ----------
    path : Path
        Final name, from `part_path`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary: Path | None = None
        self._file: XTCTrajectoryFile | None = None
        self._frames = 0

    def write(
        self, positions: NDArray[np.floating], step: int, time: float, box: NDArray[np.floating]
    ) -> None:
        """Append one frame.

        Parameters
        ----------
        positions : ndarray, shape (n, 3)
            nm; kept to 0.001 nm.
        step : int
            Steps since the simulation's start. XTC holds steps of 32 bits: later ones are written as 2**31 - 1.
        time : float
            ps.
        box : ndarray, shape (3,)
            Edge lengths in nm; zeros for none.
        """
        if self._file is None:
            self._temporary = temporary_beside(self._path)
            self._file = XTCTrajectoryFile(str(self._temporary), "w", force_overwrite=True)
        try:
            self._file.write(
                np.asarray(positions, np.float32)[None],
                time=np.array([time], np.float32),
                step=np.array([min(step, _LAST_XTC_STEP)], np.int32),
                box=np.diag(np.asarray(box, np.float32))[None],
            )
        except RuntimeError as error:
            raise self._no_room() from error
        self._frames += 1

    def finish(self) -> None:
        """Close the part and give it its name, durably; raises OSError when the disk has no room for all of it."""
        if self._file is None or self._temporary is None:
            return
        self._file.close()
        # What was still in the library's buffer when the disk was full is missing, and closing says nothing of it.
        if _count_frames(self._temporary) != self._frames:
            raise self._no_room()
        publish(self._temporary, self._path)
        self._file = self._temporary = None

    def _no_room(self) -> OSError:
        """The library tells that a write failed and not why; a disk without room is nearly always the reason."""
        return OSError(errno.ENOSPC, "The trajectory cannot be written; is there no room?", str(self._path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
        self._file = self._temporary = None


def _count_frames(path: Path) -> int:
    """Whole frames of a part; 0 when its last one is not whole."""
    try:
        with XTCTrajectoryFile(str(path)) as file:
            count = len(file)
            file.seek(count - 1)
            return count if len(file.read()[1]) == 1 else 0
    except (OSError, RuntimeError):
        return 0
