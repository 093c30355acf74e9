"""Errors of the coordinator, the worker and the command line.

::

    SteerError
    ├── ConfigError(ValueError)           the campaign file or an option cannot be used        exit 2
    ├── CampaignError(RuntimeError)       the campaign directory is not what it must be        exit 2
    │   ├── CampaignBusy                  another coordinator holds it                         exit 1
    │   └── LinkFound                     a symbolic link lies in it                           exit 2
    ├── JournalError(RuntimeError)        the journal is damaged or contradicts itself         exit 1
    ├── FrameError(ValueError)            a frame message is truncated, corrupt or foreign     (set aside, never fatal)
    ├── StorageError(RuntimeError)        frames on disk cannot be read or written             exit 1
    ├── JobError(ValueError)              a job payload or result does not fit its schema      exit 1
    ├── JobStopped(RuntimeError)          a job was asked to stop and saved its state          (handed back)
    ├── FolderHeld(RuntimeError)          another attempt at the same job holds its folder     (handed back)
    ├── ServerError(RuntimeError)         Redis cannot be started, reached or used             exit 3
    └── EnvironmentNotReady(RuntimeError) something this machine lacks                         exit 3

``sims.exceptions.SimsError`` and ``models.exceptions.ModelsError`` are the roots of the other two packages, which may
not import this one; `USER_ERRORS` names the three, and the command line turns any of them into one sentence on
stderr and the class's ``exit_code``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.exceptions import ModelsError
from sims.exceptions import SimsError

__all__ = [
    "USER_ERRORS",
    "CampaignBusy",
    "CampaignError",
    "ConfigError",
    "EnvironmentNotReady",
    "FolderHeld",
    "FrameError",
    "JobError",
    "JobStopped",
    "JournalError",
    "LinkFound",
    "ServerError",
    "SteerError",
    "StorageError",
]


class SteerError(Exception):
    """Base of every error raised on purpose by ``steer``."""

    exit_code = 1


class ConfigError(SteerError, ValueError):
    """The campaign file or an option cannot be used.

    Parameters
    ----------
    problem : str
        What is wrong, what was expected and what to do.
    file : str or Path, optional
        The file it was read from.
    line : int, optional
        Its line number, counted from one.
    key : str, optional
        The dotted key, as ``coarse.segment``.
    others : tuple of ConfigError
        Further problems of the same file; the message has one line for each.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        others: tuple[ConfigError, ...] = (),
    ) -> None:
        self.problem, self.file, self.line, self.key, self.others = problem, file, line, key, others
        where = "" if file is None else f"{file}: " if line is None else f"{file}, line {line}: "
        what = f"{key}: " if key else ""
        super().__init__("\n".join([f"{where}{what}{problem}", *map(str, others)]))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[Any, ...]]:
        return type(self), (self.problem, self.file, self.line, self.key, self.others)


class CampaignError(SteerError, RuntimeError):
    """The campaign directory is not what it must be."""

    exit_code = 2

    def __init__(self, directory: Path, problem: str) -> None:
        self.directory, self.problem = directory, problem
        super().__init__(f"{directory}: {problem}")

    def __reduce__(self) -> tuple[type[CampaignError], tuple[Path, str]]:
        return type(self), (self.directory, self.problem)


class CampaignBusy(CampaignError):
    """Another coordinator holds the campaign directory."""

    exit_code = 1


class LinkFound(CampaignError):
    """A symbolic link lies in a campaign directory, where none may be.

    Parameters
    ----------
    path : Path
        The link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            path,
            "this is a symbolic link, and in a campaign directory whoever plants one chooses where is written. Remove it; "
            "to have a campaign on another disk, move its whole directory there.",
        )

    def __reduce__(self) -> tuple[type[LinkFound], tuple[Path]]:  # type: ignore[override]
        return type(self), (self.path,)


class JournalError(SteerError, RuntimeError):
    """The journal is damaged or contradicts itself."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")

    def __reduce__(self) -> tuple[type[JournalError], tuple[Path, str]]:
        return type(self), (self.path, self.problem)


class FrameError(SteerError, ValueError):
    """A frame message is truncated, corrupt or foreign. It is counted and set aside; it never stops a coordinator."""


class StorageError(SteerError, RuntimeError):
    """Frames on disk (the frame store, or an outbox) cannot be read or written.

    Parameters
    ----------
    path : Path
        The file or folder.
    problem : str
        What is wrong with it and what to do.
    """

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")

    def __reduce__(self) -> tuple[type[StorageError], tuple[Path, str]]:
        return type(self), (self.path, self.problem)


class JobError(SteerError, ValueError):
    """A job payload or result does not fit its schema."""


class JobStopped(SteerError, RuntimeError):
    """A job was asked to stop, has saved its state and can go on from there. Raised by a job's runner."""


class FolderHeld(SteerError, RuntimeError):
    """Another attempt at the same job holds the job's folder.

    Parameters
    ----------
    folder : Path
        The job's folder.
    holder : str
        The other attempt.
    """

    def __init__(self, folder: Path, holder: str) -> None:
        self.folder, self.holder = folder, holder
        super().__init__(
            f"{folder} is held by another attempt at the same job ({holder}), which goes on with it."
        )

    def __reduce__(self) -> tuple[type[FolderHeld], tuple[Path, str]]:
        return type(self), (self.folder, self.holder)


class ServerError(SteerError, RuntimeError):
    """Redis cannot be started, reached or used."""

    exit_code = 3


class EnvironmentNotReady(SteerError, RuntimeError):
    """Something this machine lacks, with what to do about it."""

    exit_code = 3


USER_ERRORS = (SteerError, SimsError, ModelsError)
"""Everything raised on purpose: told to the user in one sentence, without a traceback."""
