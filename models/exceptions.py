"""Errors of the learned side.

::

    ModelsError
    ├── ModelFileError(ValueError)     a saved model is incomplete, foreign or damaged
    ├── FeatureError(ValueError)       frames do not fit the feature definition
    └── TrainingError(RuntimeError)    training cannot start or did not converge
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["FeatureError", "ModelFileError", "ModelsError", "TrainingError"]


class ModelsError(Exception):
    """Base of every error raised on purpose by ``models``."""

    exit_code = 1


class ModelFileError(ModelsError, ValueError):
    """A saved model is incomplete, foreign or damaged.

    Parameters
    ----------
    path : Path
        The file or folder that was read.
    problem : str
        What is wrong with it and what was expected.
    """

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")

    def __reduce__(self) -> tuple[type[ModelFileError], tuple[Path, str]]:
        return type(self), (self.path, self.problem)


class FeatureError(ModelsError, ValueError):
    """Frames do not fit the feature definition (number of beads, finite coordinates)."""


class TrainingError(ModelsError, RuntimeError):
    """Training cannot start or did not converge."""
