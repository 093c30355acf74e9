"""Files that are whole or absent: written under a temporary name, synced, renamed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["publish", "sync_directory", "temporary_beside", "write_atomic"]


def temporary_beside(path: Path) -> Path:
    """A new, empty file in the folder of `path`, hidden and ending in ``.part``, to be handed to `publish`."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    temporary.touch(exist_ok=False)
    return temporary


def publish(temporary: Path, path: Path) -> None:
    """Give a finished temporary file its name, durably: after this it survives a power cut.

    Parameters
    ----------
    temporary : Path
        Closed file in the same folder as `path`.
    path : Path
        Its final name; what was there is replaced.
    """
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def write_atomic(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a whole file so that a reader, or a restart after a crash, sees the old one or the new one.

    Parameters
    ----------
    path : Path
        Its folder exists.
    content : str or bytes
        Text is written as UTF-8.
    durable : bool
        Whether it must survive a power cut that follows at once. Without, it is many times faster and still whole
        after any other crash: for what can be made again.
    """
    data = content.encode() if isinstance(content, str) else content
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            _write_all(handle, data)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if durable:
        sync_directory(path.parent)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_directory(directory: Path) -> None:
    """Make renames in `directory` durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
