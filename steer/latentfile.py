"""Latent points on disk, so that a coordinator that starts again need not encode every frame once more.

One folder a model version: raw arrays, row by row as in the frame store, in blocks of `BLOCK` rows, each block with a
checksum over all its arrays. Only whole blocks are written, first the arrays and then the checksum, so that a process
killed in between leaves a block that is not there yet. All of it can be made again from frames and model: whatever is
missing or does not fit its checksum is, and nothing here is ever the only copy of anything.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.store import DOCUMENT
from sims.files import write_atomic

__all__ = ["BLOCK", "LatentFile", "LatentRows", "discard_older"]

log = logging.getLogger(__name__)

BLOCK = 4096
"""Rows under one checksum."""

_DESCRIPTION = "latents.json"
_CHECKSUMS = "checksums.bin"


@dataclass(frozen=True)
class LatentRows:
    """Arrays of one entry a row.

    Attributes
    ----------
    points : ndarray, shape (n, d), float32
    errors : ndarray, shape (n,), float32
        Decode errors.
    sane : ndarray, shape (n,), bool
        Whether the frame passes the sanity filter.
    """

    points: NDArray[np.float32]
    errors: NDArray[np.float32]
    sane: NDArray[np.bool_]

    @classmethod
    def empty(cls, rows: int, dimensions: int) -> LatentRows:
        """Room for so many rows."""
        return cls(
            np.empty((rows, dimensions), np.float32), np.empty(rows, np.float32), np.empty(rows, np.bool_)
        )

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The three, in the order in which a checksum takes them."""
        return self.points, self.errors, self.sane

    def checksum(self, rows: slice) -> int:
        """crc32 over these rows of each array in turn."""
        value = 0
        for array in self.arrays():
            value = zlib.crc32(np.ascontiguousarray(array[rows]).view(np.uint8).data, value)
        return value


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``latents.json`` says."""

    model: str
    dimensions: int
    block: int = BLOCK
    format: str = "steer latent points"
    version: int = 1
    how_to_read: str = (
        "n = block * (size of checksums.bin / 4); numpy.fromfile('points.bin', '<f4', n * dimensions)"
        ".reshape(n, dimensions); numpy.fromfile('errors.bin', '<f4', n); numpy.fromfile('sane.bin', 'u1', n); row i "
        "is row i of the frame store; checksums.bin has one '<u4' a block: crc32 of points, errors, sane in turn"
    )


class LatentFile:
    """The latent points of one model version on disk.

    Parameters
    ----------
    directory : Path
        ``latents/0001`` of a campaign directory.
    model : Path
        The model's folder: points of another model than this are no points of it.
    dimensions : int
        Of the latent space.
    read_only : bool
        For readers beside a running coordinator, who write nothing.
    """

    def __init__(self, directory: Path, model: Path, dimensions: int, *, read_only: bool = False) -> None:
        self.directory, self.model, self.dimensions, self.read_only = directory, model, dimensions, read_only
        digest = hashlib.sha256((model / DOCUMENT).read_bytes()).hexdigest()
        self._description = _Description(digest, dimensions)
        self._usable = self._described() == self._description

    def rows(self) -> int:
        """Rows on disk, checked or not."""
        return BLOCK * len(self._checksums())

    def load(self, limit: int, room: int = 0) -> tuple[LatentRows, int, list[int]]:
        """Read what is there.

        Parameters
        ----------
        limit : int
            Rows at most; those of the block that it cuts are left out.
        room : int
            Rows for which the arrays get room beyond those that are read.

        Returns
        -------
        LatentRows
            With `room` more rows than were read.
        int
            Rows read.
        list of int
            First rows of blocks that do not fit their checksum.
        """
        self._usable = self._described() == self._description  # another process may have begun it meanwhile
        checksums = self._checksums()[: limit // BLOCK]
        count = BLOCK * len(checksums)
        found = LatentRows.empty(count + room, self.dimensions)
        whole = min(self._read(name, array[:count]) for name, array in self._files(found)) if count else 0
        damaged = [
            start
            for start, checksum in zip(range(0, count, BLOCK), checksums.tolist(), strict=True)
            if start + BLOCK > whole or found.checksum(slice(start, start + BLOCK)) != checksum
        ]
        if damaged:
            log.warning(
                "%s: %d of %d blocks are damaged and are made again from the frames, the first at row %d",
                self.directory,
                len(damaged),
                len(checksums),
                damaged[0],
            )
        return found, count, damaged

    def write(self, start: int, rows: LatentRows) -> None:
        """Keep whole blocks that begin at row `start`, a multiple of `BLOCK`.

        Raises
        ------
        OSError
            When the disk refuses; what was there before is as good as it was.
        """
        if not self._usable:
            self._begin()
        for name, array in self._files(rows):
            _write_at(self.directory / name, start * array[:1].nbytes, array)
        blocks = range(0, len(rows.points), BLOCK)
        sums = np.array([rows.checksum(slice(block, block + BLOCK)) for block in blocks], "<u4")
        _write_at(self.directory / _CHECKSUMS, 4 * (start // BLOCK), sums)

    def _begin(self) -> None:
        """Start anew, with nothing of another model."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True, exist_ok=True)
        write_atomic(
            self.directory / _DESCRIPTION, msgspec.json.format(msgspec.json.encode(self._description))
        )
        self._usable = True

    def _described(self) -> _Description | None:
        try:
            return msgspec.json.decode((self.directory / _DESCRIPTION).read_bytes(), type=_Description)
        except (OSError, msgspec.MsgspecError):
            return None

    def _checksums(self) -> NDArray[np.uint32]:
        path = self.directory / _CHECKSUMS
        if not self._usable or not path.exists():
            return np.empty(0, np.uint32)
        return np.fromfile(path, "<u4")

    def _files(self, rows: LatentRows) -> list[tuple[str, NDArray[Any]]]:
        return list(zip(("points.bin", "errors.bin", "sane.bin"), rows.arrays(), strict=True))

    def _read(self, name: str, array: NDArray[Any]) -> int:
        """Fill an array from a file; returns the rows that were there."""
        try:
            with (self.directory / name).open("rb") as file:
                size = file.readinto(array.view(np.uint8).data)
        except OSError as error:
            log.warning("%s cannot be read: %s", self.directory / name, error)
            return 0
        return size // array[:1].nbytes


def discard_older(folder: Path, version: int) -> None:
    """Remove the latent points of model versions before this one: `folder` is ``latents`` of a campaign directory."""
    for directory in folder.glob("[0-9]" * 4):
        if int(directory.name) < version:
            shutil.rmtree(directory, ignore_errors=True)


def _write_at(path: Path, offset: int, array: NDArray[Any]) -> None:
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(offset)
        file.write(np.ascontiguousarray(array).view(np.uint8).data)
