"""What a full shard holds, in a file a tenth of its size: its columns, and the identities of its frames as runs.

``shard-000012.columns.npz`` lies beside ``shard-000012.bin``. It is an uncompressed archive of numpy arrays; the
archive's own checksums tell when it is damaged, and then it is made again from the shard. What it says of damaged rows
stays when it is written again, so that a loss is known by name ever after.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.files import write_atomic
from steer.columns import COLUMNS, DAMAGED, UNKNOWN
from steer.identities import Runs, identity_keys
from steer.shards import LEVELS, sound

__all__ = ["columns_of", "read_table", "runs_of", "table_path", "write_table"]

_RUNS = "runs"
_BROKEN = (OSError, ValueError, KeyError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile)


def table_path(shard: Path) -> Path:
    """The table beside a shard."""
    return shard.with_suffix(".columns.npz")


def columns_of(records: NDArray[np.void]) -> dict[str, NDArray[Any]]:
    """Columns of records by name; damaged ones are marked, and `UNKNOWN` where they name no simulation there could be."""
    columns = {name: np.array(records[name]) for name in COLUMNS.fields or ()}
    level, damaged = columns["level"], ~sound(records)
    nameless = damaged & ((level >= len(LEVELS)) | (columns["number"] == 0) | (columns["step"] < 0))
    level[damaged] |= DAMAGED
    level[nameless] = UNKNOWN
    return columns


def runs_of(columns: Mapping[str, NDArray[Any]]) -> Runs:
    """The identities of rows that are not damaged."""
    good = columns["level"] < DAMAGED
    keys = identity_keys(columns["level"][good], columns["number"][good], columns["step"][good])
    return Runs.of(np.unique(keys))


def write_table(shard: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write the table beside a shard, whole or not at all."""
    runs = runs_of(columns)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: columns[name] for name in COLUMNS.fields or ()}
    arrays[_RUNS] = np.stack([runs.first, runs.last, runs.stride])
    np.savez(buffer, **arrays)
    write_atomic(table_path(shard), buffer.getvalue())


def read_table(shard: Path, names: Iterable[str], rows: int) -> dict[str, Any] | None:
    """Columns (arrays) and ``"runs"`` (`Runs`) from the table beside a shard; None when it is missing or damaged."""
    try:
        with zipfile.ZipFile(table_path(shard)) as archive:
            found: dict[str, Any] = {name: _array(archive, name) for name in names}
    except _BROKEN:
        return None
    for name, array in found.items():
        if name == _RUNS:
            found[name] = Runs(*array)
        elif array.dtype != COLUMNS[name] or array.shape != (rows,):
            return None
    return found


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
    return array
