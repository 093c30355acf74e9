"""The frame store: every frame ever received, durable, append-only, one row each.

`FrameStore` is the coordinator's, the one writer; `steer.framereader.FrameReader` is everybody else's, while the store
grows. Rows keep their numbers for ever. What a crash tore off the end was never acknowledged; it is cut off when the
store is next opened for writing, and comes again from the stream.
"""

from __future__ import annotations

import fcntl
import io
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sims.files import sync_directory, write_atomic
from steer.columns import COLUMNS
from steer.exceptions import FrameError, StorageError
from steer.framereader import FrameReader
from steer.frames import Frame
from steer.identities import IdentityIndex, identity_keys
from steer.messages import simulation_number
from steer.shards import LEVELS, Layout, pack, shard_path

__all__ = ["ROWS_PER_SHARD", "FrameStore"]

log = logging.getLogger(__name__)

ROWS_PER_SHARD = 100_000
"""Records in one file."""


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
        fresh = self._known().fresh(self._keys_of(frames))
        new = [frame for frame, is_new in zip(frames, fresh, strict=True) if is_new]
        first = self._rows
        if new:
            self._write(pack(new, time.time() if received is None else received))
        return np.arange(first, self._rows, dtype=np.int64)

    def contains(self, identity: tuple[str, int]) -> bool:
        """Whether the frame of this (simulation, step) is stored."""
        simulation, step = identity
        level = LEVELS.index(simulation[:2])
        return int(identity_keys(level, simulation_number(simulation), step)) in self._known()

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
            codes = np.where(self.level == LEVELS[1], 1, 0)
            self._index = IdentityIndex(identity_keys(codes, self.number, self.step))
        return self._index

    def _keys_of(self, frames: Sequence[Frame]) -> NDArray[np.uint64]:
        levels = [LEVELS.index(frame.level) for frame in frames]
        numbers = [simulation_number(frame.simulation) for frame in frames]
        return identity_keys(levels, numbers, [frame.step for frame in frames])

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
        while len(records):
            shard, offset = divmod(self._rows, self.layout.rows_per_shard)
            part = records[: self.layout.rows_per_shard - offset]
            self._write_part(shard, offset, part)
            self._column("level")
            self._rows += len(part)
            self._columns.extend(part)
            self._known().add(identity_keys(part["level"], part["number"], part["step"]))
            if offset + len(part) == self.layout.rows_per_shard:
                self._seal(shard)
            records = records[len(part) :]

    def _write_part(self, shard: int, offset: int, records: NDArray[np.void]) -> None:
        path = shard_path(self.directory, shard)
        try:
            if self._file is None:
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
                sync_directory(self.directory)
            try:
                _write_all(self._file, records.tobytes())
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
        self._write_table(shard)

    def _write_table(self, shard: int) -> None:
        records = self._shard(shard)
        table = np.empty(len(records), COLUMNS)
        for name in COLUMNS.fields or ():
            table[name] = records[name]
        buffer = io.BytesIO()
        np.save(buffer, table, allow_pickle=False)
        try:
            write_atomic(self._table(shard), buffer.getvalue())
        except OSError as error:
            log.warning("%s is not written, which makes the next start slower: %s", self._table(shard), error)

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


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _lock(directory: Path) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StorageError(directory, f"frames cannot be stored here: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageError(directory, "another process stores frames here; stop it first.") from error
    return descriptor
