"""Symbolic links have no place below the root of a campaign directory: whoever plants one chooses where we write.

Everything that names a file there (the journal, a message, a worker's result) is checked to stay inside by its text, and
a link would make that check worthless. So a coordinator refuses a directory that has links in it when it starts, a
folder is looked at before something is written into it or read from it on somebody's word, and files that are opened
to be written are opened so that the kernel refuses a link. The campaign directory itself may be reached through links.

What this does not stop is somebody who swaps a folder for a link between the look and the write. That takes the right to
write into the campaign directory, at that very moment; see ``docs/security.md``.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from steer.exceptions import LinkFound

__all__ = ["link_in", "make_folder", "open_plain", "read_plain", "refuse_links", "refuse_planted"]

_FLAT = ("cg", "aa", "seeds", "frames", "logs", "plots", "backup", "redis", "structures", "models", "latents")
"""Folders of a campaign whose own entries are looked at when a coordinator starts."""


def refuse_links(root: Path, name: str) -> None:
    """See that neither a file of a campaign nor a folder that leads to it is a link; what is missing is none.

    Parameters
    ----------
    root : Path
        The campaign directory.
    name : str
        Relative to it.

    Raises
    ------
    LinkFound
    """
    path = os.fspath(root)
    for part in name.split("/"):
        path = f"{path}/{part}"
        try:
            is_link = stat.S_ISLNK(os.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return
        if is_link:
            raise LinkFound(Path(path))


def make_folder(root: Path, name: str) -> None:
    """Make a folder of a campaign, with those above it, unless it is there.

    Raises
    ------
    LinkFound
        When one of them is a link.
    """
    refuse_links(root, name)
    path = f"{root}/{name}"
    try:
        os.mkdir(path)
    except FileNotFoundError:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def link_in(folder: Path) -> Path | None:
    """A link among the entries of a folder and of the folders in it, if there is any."""
    return next(_links(folder, deep=True), None)


def refuse_planted(root: Path) -> None:
    """See that there is no link in a campaign directory; the contents of jobs' folders are looked at when they are used.

    Raises
    ------
    LinkFound
    """
    for folder in (root, *(root / name for name in _FLAT)):
        for link in _links(folder, deep=folder.name in ("models", "latents", "structures")):
            raise LinkFound(link)


def open_plain(path: Path, flags: int, mode: int = 0o666) -> int:
    """`os.open`, which here never follows a link in the last place, and is closed in child processes.

    Raises
    ------
    LinkFound
    """
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LinkFound(path) from error
        raise


def read_plain(path: Path) -> bytes:
    """What a file holds, unless it is a link.

    Raises
    ------
    LinkFound
    """
    with open(open_plain(path, os.O_RDONLY), "rb") as file:
        return file.read()


def _links(folder: Path, deep: bool) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_symlink():
            yield Path(entry.path)
        elif deep and entry.is_dir(follow_symlinks=False):
            yield from _links(Path(entry.path), deep)
