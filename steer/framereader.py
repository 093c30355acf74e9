"""Reading the frame store, also while it grows.

A record that was damaged on disk is found when it is read (each has a checksum), reported with its shard and left
without a level, and the frame stored before it stands in for its coordinates, so that whoever reads rows in bulk goes
on. Rows keep their numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steer.columns import COLUMNS, DAMAGED, UNKNOWN, Columns, level_names
from steer.exceptions import StorageError
from steer.losses import Loss, losses
from steer.shards import LEVELS, Layout, count_sound, positions_of, record_dtype, shard_path, sound
from steer.shardtable import columns_of, read_table

__all__ = ["FrameReader"]

log = logging.getLogger(__name__)

_SCAN = 256


class FrameReader:
    """Reads a frame store, also while a coordinator writes to it.

    Parameters
    ----------
    directory : Path
        The folder ``frames`` of a campaign directory.

    Raises
    ------
    StorageError
        When there is no frame store, or not one that can be read.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.layout = Layout.read(directory)
        self._dtype = record_dtype(self.layout.n_beads)
        self._columns = Columns()
        self._maps: dict[int, NDArray[np.void]] = {}
        self._rows = 0
        self.refresh()

    def refresh(self) -> int:
        """Look for rows that were added since; returns how many there are now."""
        self._rows = self._rows_on_disk()
        return self._rows

    def __len__(self) -> int:
        """Rows, damaged ones among them."""
        return self._rows

    @property
    def n_beads(self) -> int:
        """Beads of every frame."""
        return self.layout.n_beads

    @property
    def level(self) -> NDArray[np.str_]:
        """``cg`` or ``aa``, shape (n,); ``""`` for rows found damaged."""
        return level_names(self._column("level"))

    def is_level(self, level: str, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Which rows are of a level, shape (n,); damaged ones are of none."""
        mask: NDArray[np.bool_] = self._column("level")[rows] == LEVELS.index(level)
        return mask

    @property
    def number(self) -> NDArray[np.uint32]:
        """Number of the simulation within its level, shape (n,)."""
        return self._column("number")

    @property
    def step(self) -> NDArray[np.int64]:
        """Integrator steps since the simulation's start, shape (n,)."""
        return self._column("step")

    @property
    def time(self) -> NDArray[np.float64]:
        """ps since the simulation's start, shape (n,)."""
        return self._column("time")

    @property
    def force_field(self) -> NDArray[np.uint32]:
        """Force-field version, shape (n,)."""
        return self._column("force_field")

    @property
    def damaged(self) -> NDArray[np.int64]:
        """Rows found damaged so far, ascending."""
        return np.flatnonzero(self._column("level") >= DAMAGED)

    @property
    def n_damaged(self) -> int:
        """How many rows were found damaged so far."""
        self._column("level")
        return self._columns.damaged

    def count(self, level: str) -> int:
        """Rows of a level."""
        self._column("level")
        return self._columns.count(level)

    def simulation(self, row: int) -> str:
        """Id of the simulation that a row is from, as ``cg-000012``."""
        record = self._records(np.array([row], np.int64))[0]
        if not sound(record[None])[0]:
            raise StorageError(self._shard_of(row), f"the record of row {row} is damaged.")
        return f"{LEVELS[record['level']]}-{record['number']:06d}"

    def simulations(self, rows: slice | ArrayLike) -> list[str]:
        """Ids of the simulations that rows are from, ``""`` for rows found damaged."""
        indices = self._indices(rows)
        levels = level_names(self._column("level")[indices]).tolist()
        numbers = self.number[indices].tolist()
        return [f"{level}-{n:06d}" if level else "" for level, n in zip(levels, numbers, strict=True)]

    def positions(self, rows: slice | ArrayLike) -> NDArray[np.float32]:
        """Bead positions.

        Parameters
        ----------
        rows : slice or array_like of int, shape (n,)

        Returns
        -------
        ndarray, shape (n, n_beads, 3), float32
            nm, molecules whole; always finite, see the module on damaged rows.

        Raises
        ------
        IndexError
            When there is no such row.
        StorageError
            When nothing in the store can be read.
        """
        return positions_of(self.records(rows))

    def records(self, rows: slice | ArrayLike) -> NDArray[np.void]:
        """Whole records, shape (n,), of type `record_dtype`: a copy, with stand-ins for damaged ones."""
        indices = self._indices(rows)
        records = self._records(indices)
        good = sound(records)
        if not good.all():
            self._report(indices[~good])
            records = self._with_stand_ins(records, indices, good)
        return records

    def iter_chunks(self, rows: int = 10_000) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """All positions, a bounded number of rows at a time, each with its rows."""
        for start in range(0, len(self), rows):
            chunk = slice(start, min(len(self), start + rows))
            yield chunk, self.positions(chunk)

    # -- rows to files ------------------------------------------------------------------------------------------

    def _rows_on_disk(self) -> int:
        shards = self.directory.glob(f"shard-{'[0-9]' * 6}.bin")
        last = max((int(path.stem[6:]) for path in shards), default=0)
        return last * self.layout.rows_per_shard + self._rows_in_last(last)

    def _rows_in_last(self, shard: int) -> int:
        whole = self._size(shard) // self._dtype.itemsize
        known = max(0, self._rows - shard * self.layout.rows_per_shard)
        if whole <= known:
            return known
        return known + count_sound(self._open(shard, whole)[known:])

    def _size(self, shard: int) -> int:
        try:
            return shard_path(self.directory, shard).stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StorageError(self.directory, f"cannot be read: {error.strerror}.") from error

    def _open(self, shard: int, rows: int) -> NDArray[np.void]:
        path = shard_path(self.directory, shard)
        try:
            return np.asarray(np.memmap(path, self._dtype, "r", shape=(rows,)) if rows else [], self._dtype)
        except (OSError, ValueError) as error:
            raise StorageError(
                path,
                f"{rows} rows should be here and cannot be read ({error}); resume the campaign to mend it.",
            ) from error

    def _shard(self, shard: int) -> NDArray[np.void]:
        rows = min(self.layout.rows_per_shard, self._rows - shard * self.layout.rows_per_shard)
        if shard not in self._maps or len(self._maps[shard]) < rows:
            self._maps[shard] = self._open(shard, rows)
        return self._maps[shard]

    def _shard_of(self, row: int) -> Path:
        return shard_path(self.directory, row // self.layout.rows_per_shard)

    def _indices(self, rows: slice | ArrayLike) -> NDArray[np.int64]:
        if isinstance(rows, slice):
            return np.arange(*rows.indices(len(self)), dtype=np.int64)
        array = np.atleast_1d(np.asarray(rows))
        if array.dtype == bool or (array.size and array.dtype.kind not in "iu"):
            raise IndexError(f"Rows are whole numbers or a slice, not {array.dtype}.")
        indices = array.astype(np.int64)
        if len(indices) and (indices.min() < 0 or indices.max() >= len(self)):
            raise IndexError(
                f"Rows {indices.min()} to {indices.max()} were asked for; there are {len(self)}."
            )
        return indices

    def _records(self, indices: NDArray[np.int64]) -> NDArray[np.void]:
        shards, offsets = np.divmod(indices, self.layout.rows_per_shard)
        records = np.empty(len(indices), self._dtype)
        for shard in np.unique(shards):
            here = shards == shard
            records[here] = self._shard(int(shard))[offsets[here]]
        return records

    # -- damage -------------------------------------------------------------------------------------------------

    def _report(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Mask rows found damaged, and say what they were; returns those that were not known to be."""
        new = np.unique(rows)
        new = new[self._column("level")[new] < DAMAGED]
        if len(new):
            losses = self.losses_of(new)
            self._columns.mask(new)
            self._tell(new, losses)
        return new

    def _tell(self, rows: NDArray[np.int64], losses: list[Loss]) -> None:
        for shard in np.unique(self._shards(rows)).tolist():
            here = rows[self._shards(rows) == shard]
            log.warning(
                "%s: %d damaged records are left out, the first in row %d (%s)",
                shard_path(self.directory, shard),
                len(here),
                here[0],
                "; ".join(map(str, losses)),
            )

    def losses_of(self, rows: NDArray[np.int64]) -> list[Loss]:
        """The frames of these rows, by simulation, as far as anything says which they were."""
        columns = {name: np.empty(len(rows), COLUMNS[name]) for name in ("level", "number", "step")}
        columns["level"] = self._column("level")[rows]
        for shard in np.unique(self._shards(rows)):
            here = self._shards(rows) == shard
            offsets = rows[here] - shard * self.layout.rows_per_shard
            for name in ("number", "step"):
                columns[name][here] = self._shard_column(int(shard), name)[offsets]
        return losses(columns["level"], columns["number"], columns["step"])

    def _shards(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows // self.layout.rows_per_shard

    def _with_stand_ins(
        self, records: NDArray[np.void], indices: NDArray[np.int64], good: NDArray[np.bool_]
    ) -> NDArray[np.void]:
        source = np.maximum.accumulate(np.where(good, np.arange(len(records)), -1))
        filled = records[np.maximum(source, 0)]
        if source[0] < 0:
            filled[source < 0] = self._nearest_sound(int(indices[0]))
        return filled

    def _nearest_sound(self, row: int) -> np.void:
        before = (np.arange(max(0, stop - _SCAN), stop)[::-1] for stop in range(row, 0, -_SCAN))
        after = (np.arange(start, min(len(self), start + _SCAN)) for start in range(row, len(self), _SCAN))
        for block in chain(before, after):
            records = self._records(block)
            good = np.flatnonzero(sound(records))
            if len(good):
                return records[good[0]]
        raise StorageError(
            self.directory, "no record of this frame store can be read; restore it from a copy."
        )

    # -- columns ------------------------------------------------------------------------------------------------

    def _column(self, name: str) -> NDArray[Any]:
        self._columns.reserve(name, self._rows)
        while (have := self._columns.rows(name)) < self._rows:
            shard, offset = divmod(have, self.layout.rows_per_shard)
            self._columns.extend(name, self._shard_column(shard, name, offset))
            if name == "level":
                self._notice_damage(have)
        return self._columns[name]

    def _notice_damage(self, first: int) -> None:
        """Report rows from `first` on that were damaged before anybody wrote down what they were."""
        rows = first + np.flatnonzero(self._columns["level"][first:] >= DAMAGED)
        last = self._shards(rows) == self._rows // self.layout.rows_per_shard
        rows = rows[last | (self._columns["level"][rows] == UNKNOWN)]
        if len(rows):
            self._tell(rows, self.losses_of(rows))

    def _shard_column(self, shard: int, name: str, offset: int = 0) -> NDArray[Any]:
        """A column of one shard, from row `offset` of it; of a full one from the table beside it."""
        records = self._shard(shard)
        if len(records) == self.layout.rows_per_shard:
            table = read_table(shard_path(self.directory, shard), [name], len(records))
            if table is not None:
                column: NDArray[Any] = table[name][offset:]
                return column
        if name != "level":
            return np.asarray(records[name][offset:])
        return columns_of(records[offset:])["level"]
