"""A job's folder, held by one attempt at a time, with at most one result.

An attempt that was thought dead may still be alive: its worker lost Redis, or was suspended, and the job was given to
another one. So an attempt first writes its own name into the folder and then waits for the folder's lock. The older
attempt sees a foreign name when it next looks, saves its state and ends, which frees the lock; the newer one goes on
from there. Whoever finishes first writes the result; a later result is dropped.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sims.files import sync_directory, write_atomic
from steer.exceptions import FolderHeld, JobError, LinkFound
from steer.links import link_in, open_plain, read_plain
from steer.messages import UNREADABLE, JobResult

__all__ = ["RESULT", "HeldFolder", "read_result"]

log = logging.getLogger(__name__)

RESULT = "result.json"
_HOLDER = "attempt"
_LOCK = "attempt.lock"
_LOOK_EVERY = 1.0
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}

_result_decoder = msgspec.json.Decoder(JobResult)


def read_result(folder: Path) -> JobResult | None:
    """The result of a finished job, or None when it has none yet.

    Raises
    ------
    JobError
        When the file does not fit the schema.
    """
    file = folder / RESULT
    try:
        return _result_decoder.decode(read_plain(file))
    except FileNotFoundError:
        return None
    except LinkFound as error:
        raise JobError(str(error)) from error
    except UNREADABLE as error:
        raise JobError(
            f"{file} does not fit its schema: {error}; move it away to have the job run again."
        ) from error


class HeldFolder:
    """The folder of a job while one attempt holds it.

    Parameters
    ----------
    folder : Path
        Made when missing.
    attempt : str
        Unique name of the attempt.
    patience : float
        Seconds to wait for an older attempt to let go.
    waiting : callable, optional
        Called about once a second while waiting.

    Raises
    ------
    FolderHeld
        On entering, when an older attempt does not let go in time, or a newer one has come.
    """

    def __init__(
        self, folder: Path, attempt: str, patience: float = 120.0, waiting: Callable[[], None] | None = None
    ) -> None:
        self.folder, self.attempt, self.patience = folder, attempt, patience
        self._waiting = waiting
        self._lock: int | None = None
        self._looked = 0.0
        self._foreign = False

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_links()
        write_atomic(self.folder / _HOLDER, self.attempt)
        self._lock = open_plain(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._wait_for_lock(self._lock)
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def superseded(self, look: bool = False) -> bool:
        """Whether another attempt has taken over. Looks at most once a second, or now with `look`."""
        now = time.monotonic()
        if not self._foreign and (look or now - self._looked >= _LOOK_EVERY):
            self._looked = now
            self._foreign = self._holder() != self.attempt
        return self._foreign

    def write_result(self, result: JobResult) -> None:
        """Write the result atomically, unless the job has one already.

        Raises
        ------
        FolderHeld
            When another attempt has taken over.
        """
        if self.superseded(look=True):
            raise FolderHeld(self.folder, self._holder())
        new = self.folder / f"{RESULT}.{self.attempt}"
        write_atomic(new, msgspec.json.encode(result))
        try:
            os.link(new, self.folder / RESULT)
        except FileExistsError:
            log.warning("%s has a result already; the later one is dropped", self.folder)
        finally:
            new.unlink()
        sync_directory(self.folder)

    def _refuse_links(self) -> None:
        """Whatever runs here writes into this folder by name: no link may lead elsewhere."""
        if self.folder.is_symlink():
            raise LinkFound(self.folder)
        if link := link_in(self.folder):
            raise LinkFound(link)

    def _holder(self) -> str:
        try:
            return read_plain(self.folder / _HOLDER).decode(errors="replace")
        except FileNotFoundError:
            return ""

    def _wait_for_lock(self, lock: int) -> None:
        deadline = time.monotonic() + self.patience
        while not _try_lock(lock):
            if self.superseded() or time.monotonic() > deadline:
                raise FolderHeld(self.folder, self._holder() if self._foreign else "an older attempt")
            if self._waiting is not None:
                self._waiting()
            time.sleep(min(_LOOK_EVERY, self.patience))

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        log.warning("This file system has no locks (%s); an older attempt is not waited for", error)
    return True
