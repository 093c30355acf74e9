"""The frame store: every frame ever received, durable, append-only, one row each.

`FrameStore` is the coordinator's, the one writer; `steer.framereader.FrameReader` is everybody else's, while the store
grows. Rows keep their numbers for ever. What a crash tore off the end was never acknowledged; it is cut off when the
store is next opened for writing, and comes again from the stream.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sims.files import sync_directory
from steer.columns import COLUMNS, DAMAGED
from steer.exceptions import FrameError, StorageError
from steer.framereader import FrameReader
from steer.frames import Frame
from steer.identities import IdentityIndex, Runs, identity_keys
from steer.links import open_plain
from steer.losses import Loss
from steer.messages import simulation_number
from steer.shards import LEVELS, Layout, pack, positions_of, shard_path
from steer.shardtable import columns_of, read_table, runs_of, write_table

__all__ = ["ROWS_PER_SHARD", "FrameStore"]

log = logging.getLogger(__name__)

ROWS_PER_SHARD = 100_000
"""Records in one file."""

_FOLLOWED = ("level", "number")


class FrameStore(FrameReader):
    """Writes a frame store, and reads it. There is one writer at a time.

    Parameters
    ----------
    directory : Path
        Made when missing.
    n_beads : int
        Beads of every frame.
    rows_per_shard : int
        Records in one file; an existing store keeps its own.

    Raises
    ------
    StorageError
        When another process writes to it, it is for another number of beads, or it cannot be written.
    """

    def __init__(self, directory: Path, n_beads: int, rows_per_shard: int = ROWS_PER_SHARD) -> None:
        self._lock: int | None = _lock(directory)
        self._file: int | None = None
        self._index: IdentityIndex | None = None
        try:
            if not (directory / "shards.json").exists():
                Layout.of(n_beads, rows_per_shard).write(directory)
            super().__init__(directory)
            if self.n_beads != n_beads:
                raise StorageError(
                    directory, f"holds frames of {self.n_beads} beads, but this campaign's have {n_beads}."
                )
            self._mend()
            self._rows_at_start, self._verified = self._rows, 0
            self._unsealed = _no_columns()
            self._newest = self._rows, np.empty(0, self._dtype)
        except BaseException:
            self.close()
            raise

    def append(self, frames: Sequence[Frame], received: float | None = None) -> NDArray[np.int64]:
        """Store frames that are not stored yet; they are durable when this returns.

        Parameters
        ----------
        frames : sequence of Frame
        received : float, optional
            Unix time they arrived at; now, when absent.

        Returns
        -------
        ndarray, shape (m,), int64
            Rows of the frames that were new, in order; the others were known by their identity.

        Raises
        ------
        FrameError
            When a frame has another number of beads, or names no simulation; nothing is stored then.
        StorageError
            When the disk refuses. What was stored until then is durable, and appending all of them again is harmless.
        """
        if not frames:
            return np.empty(0, np.int64)
        self._check(frames)
        return self.append_records(pack(frames, time.time() if received is None else received))

    def append_records(self, records: NDArray[np.void]) -> NDArray[np.int64]:
        """Store records of `steer.shards` whose frames are not stored yet, as `append` does."""
        first = self._rows
        fresh = self._known().fresh(identity_keys(records["level"], records["number"], records["step"]))
        if fresh.any():
            self._write(records if fresh.all() else records[fresh])
        return np.arange(first, self._rows, dtype=np.int64)

    def positions(self, rows: slice | ArrayLike) -> NDArray[np.float32]:
        """As `FrameReader.positions` has it; of the frames stored last without reading them again."""
        first, newest = self._newest
        if isinstance(rows, slice) and rows.step in (None, 1) and rows.start is not None:
            start, stop, _ = rows.indices(len(self))
            if first <= start <= stop <= first + len(newest):
                return positions_of(newest[start - first : stop - first])
        return super().positions(rows)

    def contains(self, identity: tuple[str, int]) -> bool:
        """Whether the frame of this (simulation, step) is stored."""
        simulation, step = identity
        level = LEVELS.index(simulation[:2])
        return int(identity_keys(level, simulation_number(simulation), step)) in self._known()

    def frames_of_simulations(self) -> dict[str, int]:
        """How many frames of each simulation are stored and, as far as is known, not damaged."""
        counts = self._known().counts()
        return {f"{LEVELS[level]}-{number:06d}": count for (level, number), count in counts.items()}

    def close(self) -> None:
        """Let another process write. Harmless when done twice."""
        for descriptor in (self._file, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- identities ---------------------------------------------------------------------------------------------

    def _known(self) -> IdentityIndex:
        if self._index is None:
            shards = range(-(-self._rows // self.layout.rows_per_shard))
            self._index = IdentityIndex(Runs.joined([Runs.none(), *map(self._runs, shards)]))
        return self._index

    def _runs(self, shard: int) -> Runs:
        """Identities of one shard; the table beside a full one is made again where it is missing or damaged."""
        records = self._shard(shard)
        if len(records) < self.layout.rows_per_shard:
            return runs_of(columns_of(records))
        table = read_table(shard_path(self.directory, shard), ["runs"], len(records))
        if table is None:
            columns = columns_of(records)
            self._write_table(shard, columns)
            return runs_of(columns)
        runs: Runs = table["runs"]
        return runs

    def _check(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame.positions.shape != (self.n_beads, 3):
                raise FrameError(
                    f"{frame.simulation} step {frame.step} has positions of shape {frame.positions.shape}, "
                    f"not ({self.n_beads}, 3)."
                )
            if frame.level not in LEVELS or not frame.simulation.startswith(f"{frame.level}-"):
                raise FrameError(f"{frame.simulation!r} is no id of a simulation of level {frame.level!r}.")

    # -- files --------------------------------------------------------------------------------------------------

    def _write(self, records: NDArray[np.void]) -> None:
        known = self._known()
        self._newest = self._rows, records
        while len(records):
            shard, offset = divmod(self._rows, self.layout.rows_per_shard)
            part = records[: self.layout.rows_per_shard - offset]
            self._write_part(shard, offset, part)
            self._rows += len(part)
            for name in _FOLLOWED:
                if self._columns.rows(name) == self._rows - len(part):
                    self._columns.extend(name, part[name])
            self._note(offset, part)
            known.add(identity_keys(part["level"], part["number"], part["step"]))
            if offset + len(part) == self.layout.rows_per_shard:
                self._seal(shard)
            records = records[len(part) :]

    def _write_part(self, shard: int, offset: int, records: NDArray[np.void]) -> None:
        path = shard_path(self.directory, shard)
        try:
            if self._file is None:
                self._file = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                sync_directory(self.directory)
            try:
                _write_all(self._file, np.ascontiguousarray(records).view(np.uint8).data)
                os.fsync(self._file)
            except OSError:
                os.ftruncate(self._file, offset * self._dtype.itemsize)
                raise
        except OSError as error:
            raise StorageError(
                path, f"frames cannot be stored: {error.strerror}; make room and resume the campaign."
            ) from error

    def _seal(self, shard: int) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        columns = {name: np.concatenate(parts) for name, parts in self._unsealed.items()}
        if len(columns["level"]) < self.layout.rows_per_shard:
            columns = columns_of(self._shard(shard))
        elif self._columns.rows("level") == self._rows:
            columns["level"] = np.array(self._columns["level"][-self.layout.rows_per_shard :])
        self._write_table(shard, columns)

    def _note(self, offset: int, records: NDArray[np.void]) -> None:
        """Keep the columns of the shard that is being filled: they are its table once it is full."""
        if offset == 0:
            self._unsealed = _no_columns()
        for name, parts in self._unsealed.items():
            parts.append(np.array(records[name]))

    def _write_table(self, shard: int, columns: Mapping[str, NDArray[Any]]) -> None:
        path = shard_path(self.directory, shard)
        try:
            write_table(path, columns)
        except OSError as error:
            log.warning(
                "the table beside %s is not written, which makes the next start slower: %s", path, error
            )

    # -- damage -------------------------------------------------------------------------------------------------

    def verify(self, rows: int) -> bool:
        """Check up to `rows` further rows of those that were here at the start, each once; whether any is left."""
        stop = min(self._rows_at_start, self._verified + rows)
        if stop > self._verified:
            self.records(slice(self._verified, stop))
        self._verified = stop
        return stop < self._rows_at_start

    def missing(self) -> list[Loss]:
        """Frames that were stored, are damaged, and have not been stored again since, by simulation."""
        rows = self.damaged
        if len(rows) == 0:
            return []
        lost = self.losses_of(rows)
        return [rest for loss in lost if (rest := loss.without(self._stored(loss))) is not None]

    def _stored(self, loss: Loss) -> NDArray[np.bool_]:
        if not loss.simulation:
            return np.zeros(len(loss.steps), bool)
        level, number = LEVELS.index(loss.simulation[:2]), simulation_number(loss.simulation)
        return self._known().known(identity_keys(level, number, loss.steps))

    def _report(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Forget the damaged frames' identities too, so that they are stored when they come again."""
        new = super()._report(rows)
        for shard in np.unique(self._shards(new)).tolist():
            start = shard * self.layout.rows_per_shard
            columns = {name: np.array(self._shard_column(shard, name)) for name in COLUMNS.fields or ()}
            here = new[self._shards(new) == shard] - start
            gone = identity_keys(columns["level"][here], columns["number"][here], columns["step"][here])
            self._known().discard(gone)
            columns["level"][here] |= DAMAGED
            if len(self._shard(shard)) == self.layout.rows_per_shard:
                self._write_table(shard, columns)
        return new

    def _mend(self) -> None:
        """Cut a torn tail off, and keep the place of rows that full shards have lost."""
        shard, offset = divmod(self._rows, self.layout.rows_per_shard)
        for lost in range(shard):
            if self._size(lost) != self.layout.rows_per_shard * self._dtype.itemsize:
                self._resize(lost, self.layout.rows_per_shard, "it lost rows, which are left out from now on")
        if self._size(shard) > offset * self._dtype.itemsize:
            self._resize(
                shard, offset, "the end of it was torn by a crash before it was durable, and is cut off"
            )

    def _resize(self, shard: int, rows: int, reason: str) -> None:
        path = shard_path(self.directory, shard)
        log.warning("%s: %s", path, reason)
        try:
            with path.open("ab") as file:
                file.truncate(rows * self._dtype.itemsize)
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(path, f"cannot be mended: {error.strerror}.") from error


def _no_columns() -> dict[str, list[NDArray[Any]]]:
    return {name: [] for name in COLUMNS.fields or ()}


def _write_all(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]


def _lock(directory: Path) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = open_plain(directory / "writer.lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StorageError(directory, f"frames cannot be stored here: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageError(directory, "another process stores frames here; stop it first.") from error
    return descriptor
