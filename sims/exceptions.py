"""Errors of the molecular side.

::

    SimsError
    ├── StructureError(ValueError)        the input structure cannot be used as it is
    ├── TopologyError(ValueError)         a topology or parameter file does not say what it must
    ├── BackmapError(RuntimeError)        no all-atom structure could be made from these beads
    ├── SimulationDiverged(RuntimeError)  coordinates or energy became NaN
    ├── StateError(ValueError)            a saved state cannot be continued from
    │   └── StateMismatch                 it is sound, but of another system
    └── PlatformError(RuntimeError)       the OpenMM platform that was asked for does not work here

Each class keeps the offending values as attributes, says in a full sentence what to do, and survives pickling
(messages cross process boundaries as text, but a test may carry the object). ``exit_code`` is what the command line
returns when the error reaches the user.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "BackmapError",
    "PlatformError",
    "SimsError",
    "SimulationDiverged",
    "StateError",
    "StateMismatch",
    "StructureError",
    "TopologyError",
]


class SimsError(Exception):
    """Base of every error raised on purpose by ``sims``."""

    exit_code = 1


class StructureError(SimsError, ValueError):
    """The input structure cannot be used as it is.

    Parameters
    ----------
    problem : str
        What is wrong, naming the residue or line.
    remedy : str
        What the user should do about it.
    source : str, optional
        The file or sequence the problem was found in.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str, source: str | None = None) -> None:
        self.problem, self.remedy, self.source = problem, remedy, source
        where = f"{source}: " if source else ""
        super().__init__(f"{where}{problem} {remedy}")

    def __reduce__(self) -> tuple[type[StructureError], tuple[str, str, str | None]]:
        return type(self), (self.problem, self.remedy, self.source)


class TopologyError(SimsError, ValueError):
    """A topology or parameter file does not say what it must.

    Parameters
    ----------
    problem : str
        What is wrong and what was expected.
    file : str or Path, optional
        The file it was read from.
    line : int, optional
        Its line number, counted from one.
    """

    exit_code = 2

    def __init__(self, problem: str, file: str | Path | None = None, line: int | None = None) -> None:
        self.problem, self.file, self.line = problem, file, line
        where = "" if file is None else f"{file}: " if line is None else f"{file}, line {line}: "
        super().__init__(f"{where}{problem}")

    def __reduce__(self) -> tuple[type[TopologyError], tuple[str, str | Path | None, int | None]]:
        return type(self), (self.problem, self.file, self.line)


class BackmapError(SimsError, RuntimeError):
    """No acceptable all-atom structure could be made from these beads.

    Parameters
    ----------
    backmapper : str
        The implementation that gave up.
    problem : str
        Why.
    """

    def __init__(self, backmapper: str, problem: str) -> None:
        self.backmapper, self.problem = backmapper, problem
        super().__init__(f"The {backmapper} backmapper failed: {problem}")

    def __reduce__(self) -> tuple[type[BackmapError], tuple[str, str]]:
        return type(self), (self.backmapper, self.problem)


class SimulationDiverged(SimsError, RuntimeError):
    """Coordinates or energy became NaN or infinite.

    Parameters
    ----------
    step : int
        Step at which it was noticed.
    last_good : Path, optional
        The last sound state on disk (OpenMM State XML).
    broken : Path, optional
        The broken configuration on disk.
    """

    def __init__(self, step: int, last_good: Path | None = None, broken: Path | None = None) -> None:
        self.step, self.last_good, self.broken = step, last_good, broken
        kept = f" The last sound state is {last_good}." if last_good else ""
        seen = f" The broken one is {broken}." if broken else ""
        super().__init__(
            f"The simulation diverged at step {step}: coordinates or energy are not finite.{kept}{seen}"
        )

    def __reduce__(self) -> tuple[type[SimulationDiverged], tuple[int, Path | None, Path | None]]:
        return type(self), (self.step, self.last_good, self.broken)


class StateError(SimsError, ValueError):
    """A saved state cannot be continued from: it is missing or damaged.

    Parameters
    ----------
    path : Path
        The file.
    problem : str
        What is wrong with it.
    """

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path} cannot be continued from: {problem}.")

    def __reduce__(self) -> tuple[type[StateError], tuple[Path, str]]:
        return type(self), (self.path, self.problem)


class StateMismatch(StateError):
    """A saved state is sound but belongs to another system, force field or time step."""


class PlatformError(SimsError, RuntimeError):
    """The OpenMM platform that was asked for does not work on this machine.

    Parameters
    ----------
    platform : str
        Its name.
    problem : str
        Why it does not work.
    """

    exit_code = 3

    def __init__(self, platform: str, problem: str) -> None:
        self.platform, self.problem = platform, problem
        super().__init__(f"OpenMM platform {platform!r} does not work here: {problem}")

    def __reduce__(self) -> tuple[type[PlatformError], tuple[str, str]]:
        return type(self), (self.platform, self.problem)
