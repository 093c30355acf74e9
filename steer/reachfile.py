"""What is known of the candidates' distances on disk, so that a coordinator that starts again need not find it out anew.

To find the first farthest candidates among ten million, nearly all of their distances to thousands of chosen points have
to be worked out once (`steer.selection.reach`); what came of it are two numbers a candidate. They lie beside the latent
points that they belong to, one file for each list of chosen points: a line of JSON, then the chosen points, the bounds,
and how many of the chosen points went into each. The line has a checksum of what follows and one of the candidates'
latent points; a file that does not fit is as good as none. Nothing here is the only copy of anything, and no choice
depends on its being there: only how long it takes.
"""

from __future__ import annotations

import logging
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic
from steer.exceptions import LinkFound
from steer.links import open_plain
from steer.messages import UNREADABLE

__all__ = ["Known", "ReachFile", "RowsChecksum"]

log = logging.getLogger(__name__)

_LONGEST_LINE = 4096
"""Bytes of the line of JSON that are read at most, whatever the file holds."""


@dataclass(frozen=True)
class Known:
    """What is known of some points.

    Attributes
    ----------
    chosen : ndarray, shape (k, d), float32
        The chosen points, in the order in which they went in.
    bounds : ndarray, shape (n,), float32
        No point is farther from the nearest chosen one than the root of this, in the units of the latent space.
    applied : ndarray, shape (n,), int32
        How many of the chosen points have gone into it.
    """

    chosen: NDArray[np.float32]
    bounds: NDArray[np.float32]
    applied: NDArray[np.int32]

    @classmethod
    def room(cls, points: NDArray[np.float32], chosen: int = 0, rows: int = 0) -> Known:
        """Arrays to read what is known of the first `rows` of these points into; nothing is known of the others."""
        bounds, applied = np.empty(len(points), np.float32), np.empty(len(points), np.int32)
        bounds[rows:], applied[rows:] = np.inf, 0
        return cls(np.empty((chosen, points.shape[1]), np.float32), bounds, applied)

    def parts(self, rows: int) -> tuple[memoryview, ...]:
        """What lies in a file of so many rows, in that order."""
        arrays = (self.chosen.reshape(-1), self.bounds[:rows], self.applied[:rows])
        return tuple(array.view(np.uint8).data for array in arrays)


class RowsChecksum:
    """crc32 of the first rows of a growing table; asked for more and more of them, it goes through each row once.

    Parameters
    ----------
    points : ndarray, shape (n, d), float32
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        self.points = points
        self._rows = self._value = 0

    def of(self, rows: int) -> int:
        """Of the first `rows`."""
        if rows < self._rows:
            self._rows = self._value = 0
        new = np.ascontiguousarray(self.points[self._rows : rows])
        self._rows, self._value = rows, zlib.crc32(new.data, self._value)
        return self._value


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: int
    chosen: int
    dimensions: int
    points_crc32: int
    crc32: int
    format: str = "steer distance bounds"
    version: int = 1
    how_to_read: str = "after this line: chosen '<f4' (chosen, dimensions), bounds '<f4' (rows,), applied '<i4' (rows,); bounds are squared"


class ReachFile:
    """One file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, table: RowsChecksum) -> Known | None:
        """What is known of the points of a table, if only of the first; None when nothing that fits is there."""
        try:
            with open(open_plain(self.path, os.O_RDONLY), "rb") as file:
                known = _read(file, table)
        except (OSError, LinkFound) as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("%s cannot be used: %s", self.path, error)
            return None
        if known is None:
            log.warning(
                "%s is damaged, or of other points, and is not used: the next choice takes longer", self.path
            )
        return known

    def write(self, known: Known, points_crc32: int) -> None:
        """Keep what is known of points with this checksum; without their folder there is nothing to keep it for.

        Raises
        ------
        OSError
            When the disk refuses; what was there before is as good as it was.
        """
        if not self.path.parent.is_dir():
            return
        rows = len(known.bounds)
        content = b"".join(known.parts(rows))
        chosen, dimensions = known.chosen.shape
        line = _Line(rows, chosen, dimensions, points_crc32, zlib.crc32(content))
        write_atomic(self.path, msgspec.json.encode(line) + b"\n" + content, durable=False)


def _read(file: BinaryIO, table: RowsChecksum) -> Known | None:
    try:
        line = msgspec.json.decode(file.readline(_LONGEST_LINE), type=_Line)
    except UNREADABLE:
        return None
    count, dimensions = table.points.shape
    left = os.fstat(file.fileno()).st_size - file.tell()
    fits = (
        (line.format, line.version, line.dimensions) == ("steer distance bounds", 1, dimensions)
        and 0 <= line.rows <= count
        and line.chosen >= 0
        and left == 4 * (line.chosen * dimensions + 2 * line.rows)
    )
    if not fits:
        return None
    # Straight into the arrays that are used from now on: touching new memory is what takes longest here.
    known = Known.room(table.points, line.chosen, line.rows)
    checksum = 0
    for part in known.parts(line.rows):
        if file.readinto(part) != len(part):  # type: ignore[attr-defined]
            return None
        checksum = zlib.crc32(part, checksum)
    if checksum != line.crc32 or table.of(line.rows) != line.points_crc32:
        return None
    lowest, first, last = (
        known.bounds.min(initial=0),
        known.applied.min(initial=0),
        known.applied.max(initial=0),
    )
    return known if lowest >= 0 <= first and last <= line.chosen else None
