"""The outbox: how a simulation publishes frames without waiting for a server, or losing any to its absence.

Every message goes to a file in the job's directory first and is sent from there, in order, by a thread. So a killed
process loses nothing, a server that is away costs disk and no memory, and the next attempt at the job, which opens
the same file, begins by sending what the last one could not. A message may be sent twice; frames are known by their
identity.

The file is a series of records: length (uint32), crc32 of the message (uint32), message; little endian.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from steer.exceptions import ServerError, StorageError
from steer.frames import MAX_MESSAGE
from steer.links import open_plain
from steer.stream import FramePublisher

__all__ = ["Outbox", "undelivered"]

log = logging.getLogger(__name__)

BATCH = 500
"""Messages in one round trip."""

BATCH_BYTES = 4 * 2**20
"""Bytes in one round trip, about."""

INTERVAL = 0.5
"""s between round trips while fewer than `BATCH` messages wait."""

HIGH_WATER = 200_000
"""Messages waiting at the server above which it is given time to get rid of some."""

_LONGEST_PAUSE = 5.0
_RECORD = struct.Struct("<II")


class Outbox:
    """Sends messages to a publisher from a file, in the background.

    Parameters
    ----------
    publisher : FramePublisher
        Used by the outbox's thread only, once given.
    path : Path
        The file; what an earlier attempt left in it is sent first.
    batch : int
        Messages in one round trip.
    interval : float
        s between round trips while fewer wait.
    high_water : int
        Messages waiting at the server above which none are sent.

    Raises
    ------
    StorageError
        When the file cannot be written, or another process holds it.
    """

    def __init__(
        self,
        publisher: FramePublisher,
        path: Path,
        batch: int = BATCH,
        interval: float = INTERVAL,
        high_water: int = HIGH_WATER,
    ) -> None:
        self.path = path
        self._publisher, self._batch, self._interval, self._high_water = (
            publisher,
            batch,
            interval,
            high_water,
        )
        self._file = _open(path)
        self._lengths = [len(message) for message in _scan(self._file)]
        self._sent = 0
        self._end = sum(map(_record_size, self._lengths))
        os.ftruncate(self._file, self._end)
        self._changed = threading.Condition()
        self._hurry = self._closing = False
        self._failure: Exception | None = None
        self._pause = 0.0
        self._thread = threading.Thread(target=self._work, name=f"outbox {path.name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Messages that are not sent yet."""
        return len(self._lengths)

    def put(self, messages: Sequence[bytes]) -> None:
        """Take messages over. They survive this process from here on.

        Raises
        ------
        ValueError
            When a message is empty.
        StorageError
            When the file cannot be written, or what was put before could not be sent for a reason that waiting does
            not mend.
        """
        if not all(messages):
            raise ValueError("a message of no bytes cannot be sent")
        data = b"".join(_RECORD.pack(len(message), zlib.crc32(message)) + message for message in messages)
        with self._changed:
            self._raise_failure()
            try:
                _write_at(self._file, data, self._end)
            except OSError as error:
                raise StorageError(
                    self.path, f"frames cannot be kept: {error.strerror}; make room."
                ) from error
            self._lengths.extend(map(len, messages))
            self._end += len(data)
            if len(self._lengths) == len(messages) or len(self._lengths) >= self._batch:
                self._changed.notify_all()

    def sync(self) -> None:
        """Make what was put survive a power cut as well."""
        os.fsync(self._file)

    def flush(self, timeout: float) -> bool:
        """Send everything now; returns whether it was all sent within `timeout` seconds."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._lengths or self._failure is not None, timeout)
            self._hurry = False
            self._raise_failure()
            return not self._lengths

    def close(self, timeout: float = 10.0) -> bool:
        """Send what can be sent within `timeout` seconds, and stop; returns whether everything was sent.

        What was not stays in the file.
        """
        try:
            return self.flush(timeout)
        finally:
            with self._changed:
                self._closing = True
                self._changed.notify_all()
            self._thread.join()
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- the thread ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self._wait():
                self._try_batch()
        except Exception as error:
            log.exception("frames can no longer be sent; they stay in %s", self.path)
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _wait(self) -> bool:
        """Until there is something to do; False to end."""
        with self._changed:
            self._changed.wait_for(self._called, self._pause or self._interval)
            while not (self._lengths or self._closing):
                self._changed.wait()
            return not self._closing

    def _called(self) -> bool:
        full = len(self._lengths) >= self._batch and not self._pause
        return self._closing or full or (self._hurry and bool(self._lengths))

    def _try_batch(self) -> None:
        try:
            if self._publisher.backlog() > self._high_water:
                self._hold()
                return
            count, data = self._next_batch()
            self._publisher.publish(_messages(data))
        except ServerError as error:
            self._hold(error)
            return
        if self._pause:
            log.info("frames are being sent again")
        self._pause = 0.0
        self._forget(count, len(data))

    def _hold(self, error: ServerError | None = None) -> None:
        if not self._pause:
            log.warning("frames wait in %s: %s", self.path, error or "the coordinator is far behind")
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause or self._interval)
        if self._hurry:
            with self._changed:
                self._changed.wait_for(lambda: self._closing, min(self._pause, 0.2))

    def _next_batch(self) -> tuple[int, bytes]:
        with self._changed:
            count = size = 0
            for length in self._lengths[: self._batch]:
                if count and size + length > BATCH_BYTES:
                    break
                count, size = count + 1, size + _record_size(length)
            return count, os.pread(self._file, size, self._sent)

    def _forget(self, count: int, size: int) -> None:
        with self._changed:
            del self._lengths[:count]
            self._sent += size
            if not self._lengths:
                os.ftruncate(self._file, 0)
                self._sent = self._end = 0
            self._changed.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise StorageError(
                self.path, f"its frames can no longer be sent: {self._failure}; they are kept."
            ) from self._failure


def undelivered(path: Path) -> list[bytes]:
    """Messages that an outbox left in its file; none when there is no such file."""
    try:
        file = open_plain(path, os.O_RDONLY)
    except FileNotFoundError:
        return []
    try:
        return list(_scan(file))
    finally:
        os.close(file)


def _open(path: Path) -> int:
    try:
        file = open_plain(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StorageError(path, f"frames cannot be kept here: {error.strerror}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise StorageError(path, "another process sends these frames; stop it first.") from error
    return file


def _scan(file: int) -> Iterator[bytes]:
    """Whole messages from the start of a file, up to the first that a crash tore."""
    offset = 0
    while len(head := os.pread(file, _RECORD.size, offset)) == _RECORD.size:
        length, checksum = _RECORD.unpack(head)
        message = os.pread(file, min(length, MAX_MESSAGE), offset + _RECORD.size)
        if not message or len(message) != length or zlib.crc32(message) != checksum:
            return
        yield message
        offset += _record_size(length)


def _messages(data: bytes) -> list[bytes]:
    messages, offset = [], 0
    while offset < len(data):
        length, _ = _RECORD.unpack_from(data, offset)
        offset += _RECORD.size
        messages.append(data[offset : offset + length])
        offset += length
    return messages


def _record_size(length: int) -> int:
    return _RECORD.size + length


def _write_at(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
