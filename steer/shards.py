"""Records and shard files of the frame store: what one frame looks like on disk, and which records are sound.

A shard is nothing but records of one numpy structured type, one after the other, so that anybody can `numpy.memmap`
it without us; ``shards.json`` beside the shards says how.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic
from steer.exceptions import StorageError
from steer.frames import LEVELS, MAX_BEADS, RESOLUTION, Frame, FrameBatch
from steer.messages import UNREADABLE

__all__ = [
    "LEVELS",
    "Layout",
    "checksums",
    "count_sound",
    "pack",
    "positions_of",
    "record_dtype",
    "records_of",
    "shard_path",
    "sound",
]

_LARGEST = 0xFFFF


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``shards.json`` says.

    Attributes
    ----------
    n_beads : int
        Beads of every frame.
    rows_per_shard : int
        Records of every shard but the last.
    record_bytes : int
    dtype : list
        The type of a record, as numpy describes it; `how_to_read` says how to use it.
    format, version, levels, units, how_to_read
        For whoever opens the directory without this package.
    """

    n_beads: Annotated[int, msgspec.Meta(ge=1, le=MAX_BEADS)]
    rows_per_shard: Annotated[int, msgspec.Meta(ge=1)]
    record_bytes: int
    dtype: list[list[Any]]
    format: str = "steer frame shards"
    version: int = 1
    levels: tuple[str, ...] = LEVELS
    units: str = "positions, minimum, scale and box in nm; time in ps; published and received in Unix seconds"
    how_to_read: str = (
        "dtype = numpy.dtype([(f[0], f[1], *map(tuple, f[2:])) for f in json['dtype']]); "
        "r = numpy.memmap('shard-000000.bin', dtype, 'r'); "
        "positions = r['minimum'][:, None] + r['scale'][:, None, None] * r['positions']; "
        "crc32 is over the bytes of a record before it"
    )

    @classmethod
    def of(cls, n_beads: int, rows_per_shard: int) -> Layout:
        """The layout of a new store."""
        dtype = record_dtype(n_beads)
        return cls(n_beads, rows_per_shard, dtype.itemsize, json.loads(json.dumps(dtype.descr)))

    @classmethod
    def read(cls, directory: Path) -> Layout:
        """The layout of an existing store.

        Raises
        ------
        StorageError
            When there is none, or it is not what this version writes.
        """
        path = directory / "shards.json"
        try:
            layout = msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError as error:
            raise StorageError(path, "there is no frame store here.") from error
        except (OSError, *UNREADABLE) as error:
            raise StorageError(path, f"this description of a frame store cannot be used: {error}.") from error
        if layout != cls.of(layout.n_beads, layout.rows_per_shard):
            raise StorageError(
                path, "this frame store was written by another version of steer; export it there."
            )
        return layout

    def write(self, directory: Path) -> None:
        """Write ``shards.json``."""
        write_atomic(directory / "shards.json", msgspec.json.format(msgspec.json.encode(self)))


def record_dtype(n_beads: int) -> np.dtype[np.void]:
    """The type of one record: ``crc32`` comes last and covers everything before it."""
    return np.dtype(
        [
            ("level", "u1"),
            ("number", "<u4"),
            ("force_field", "<u4"),
            ("step", "<i8"),
            ("time", "<f8"),
            ("published", "<f8"),
            ("received", "<f8"),
            ("box", "<f4", (3,)),
            ("minimum", "<f4", (3,)),
            ("scale", "<f4"),
            ("positions", "<u2", (n_beads, 3)),
            ("crc32", "<u4"),
        ]
    )


def shard_path(directory: Path, number: int) -> Path:
    """File of one shard, counted from 0."""
    return directory / f"shard-{number:06d}.bin"


def pack(frames: Sequence[Frame], received: float) -> NDArray[np.void]:
    """Records of frames.

    Coordinates are counts of `RESOLUTION` from the frame's minimum; where the molecule is larger than 65.5 nm, of as
    much more as is needed.

    Parameters
    ----------
    frames : sequence of Frame
        All with the same number of beads; at least one.
    received : float
        Unix time.

    Returns
    -------
    ndarray, shape (n,), `record_dtype`
    """
    positions = np.array([frame.positions for frame in frames])
    records = np.zeros(len(frames), record_dtype(positions.shape[1]))
    _place(records, positions)
    records["level"] = [LEVELS.index(frame.level) for frame in frames]
    records["number"] = [int(frame.simulation[3:]) for frame in frames]
    for name in ("force_field", "step", "time", "published", "box"):
        records[name] = [getattr(frame, name) for frame in frames]
    records["received"] = received
    records["crc32"] = checksums(records)
    return records


def records_of(batch: FrameBatch, received: float) -> NDArray[np.void]:
    """Records of frames as they came: counts and minimum are stored as they travelled, where 16 bits hold them.

    Parameters
    ----------
    batch : FrameBatch
    received : float
        Unix time.

    Returns
    -------
    ndarray, shape (n,), `record_dtype`
    """
    records = np.zeros(len(batch), record_dtype(batch.n_beads))
    if batch.counts.dtype.itemsize == 2:
        records["positions"], records["minimum"], records["scale"] = batch.counts, batch.minimum, RESOLUTION
    else:
        _place(records, batch.positions().astype(np.float32))
    for name in ("level", "number", "force_field", "step", "time", "published", "box"):
        records[name] = getattr(batch, name)
    records["received"] = received
    records["crc32"] = checksums(records)
    return records


def _place(records: NDArray[np.void], positions: NDArray[np.floating]) -> None:
    """Fill in positions, shape (n, n_beads, 3), nm."""
    positions = positions.astype(np.float64)
    minimum = positions.min(axis=1, keepdims=True)
    extent = (positions - minimum).max(axis=(1, 2))
    scale = np.maximum(RESOLUTION, extent / _LARGEST)
    records["positions"] = np.minimum(np.rint((positions - minimum) / scale[:, None, None]), _LARGEST)
    records["minimum"] = minimum[:, 0]
    records["scale"] = scale


def positions_of(records: NDArray[np.void]) -> NDArray[np.float32]:
    """Bead positions of records, shape (n, n_beads, 3), float32, nm."""
    positions = records["positions"].astype(np.float32)
    positions *= records["scale"][:, None, None]
    positions += records["minimum"][:, None, :]
    return positions


def sound(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which records are what was once written, shape (n,)."""
    return records["crc32"] == checksums(records)


def count_sound(records: NDArray[np.void], block: int = 256) -> int:
    """How many records there are up to the last sound one: what follows it was torn by a crash."""
    for stop in range(len(records), 0, -block):
        start = max(0, stop - block)
        good = np.flatnonzero(sound(np.array(records[start:stop])))
        if len(good):
            return start + int(good[-1]) + 1
    return 0


def checksums(records: NDArray[np.void]) -> NDArray[np.uint32]:
    """What ``crc32`` of each record must be, shape (n,)."""
    size = records.dtype.itemsize
    covered = size - records.dtype["crc32"].itemsize
    data = np.ascontiguousarray(records).view(np.uint8).data
    starts = range(0, len(records) * size, size)
    return np.fromiter((zlib.crc32(data[i : i + covered]) for i in starts), np.uint32, len(records))
