"""Room on the disk: whether an error came from the lack of it, and whether there is some again.

A full disk is nobody's fault and passes: jobs are handed back, the coordinator starts anew from what is on disk, and
all of them wait for room instead of failing.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from steer.links import open_plain

__all__ = ["has_room", "lacks_room"]

_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_ENOUGH = 4 * 2**20


def lacks_room(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that the disk or a quota is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _ERRORS:
            return True
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def has_room(folder: Path) -> bool:
    """Whether a few MB can be written in a folder now. Quotas are seen only by those who write."""
    probe = folder / f".room-{os.getpid()}"
    try:
        with open(open_plain(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb", buffering=0) as file:
            written = sum(file.write(bytes(2**20)) for _ in range(_ENOUGH // 2**20))
            os.fsync(file.fileno())
        return written == _ENOUGH
    except OSError as error:
        if error.errno in _ERRORS:
            return False
        raise
    finally:
        probe.unlink(missing_ok=True)
