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
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic
from steer.exceptions import LinkFound
from steer.links import read_plain
from steer.messages import UNREADABLE

__all__ = ["Known", "ReachFile"]

log = logging.getLogger(__name__)


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

    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """The three, in the order in which they lie in a file."""
        return self.chosen, self.bounds, self.applied


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

    def read(self, points: NDArray[np.float32]) -> Known | None:
        """What is known of the first of these points, shape (n, d); None when nothing that fits is there."""
        try:
            data = read_plain(self.path)
        except (OSError, LinkFound) as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("%s cannot be used: %s", self.path, error)
            return None
        known = _unpacked(data, points)
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
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in known.arrays())
        chosen, dimensions = known.chosen.shape
        line = _Line(len(known.bounds), chosen, dimensions, points_crc32, zlib.crc32(content))
        write_atomic(self.path, msgspec.json.encode(line) + b"\n" + content, durable=False)


def _unpacked(data: bytes, points: NDArray[np.float32]) -> Known | None:
    end = data.find(b"\n") + 1
    try:
        line = msgspec.json.decode(data[:end], type=_Line)
    except UNREADABLE:
        return None
    content = memoryview(data)[end:]
    rows, chosen, dimensions = line.rows, line.chosen, line.dimensions
    fits = (
        (line.format, line.version, dimensions) == ("steer distance bounds", 1, points.shape[1])
        and 0 <= rows <= len(points)
        and chosen >= 0
        and len(content) == 4 * (chosen * dimensions + 2 * rows)
        and zlib.crc32(content) == line.crc32
        and zlib.crc32(np.ascontiguousarray(points[:rows]).data) == line.points_crc32
    )
    if not fits:
        return None
    whole = np.frombuffer(content, "<f4")
    known = Known(
        whole[: chosen * dimensions].reshape(chosen, dimensions).astype(np.float32),
        whole[chosen * dimensions : chosen * dimensions + rows].astype(np.float32),
        whole[chosen * dimensions + rows :].view("<i4").astype(np.int32),
    )
    sane = bool((known.bounds >= 0).all()) and bool(((known.applied >= 0) & (known.applied <= chosen)).all())
    return known if sane else None
