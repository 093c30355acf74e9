"""Where the walkers of one run have been, and after how many aggregate steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Recorder", "Trace"]


@dataclass(frozen=True)
class Trace:
    """One run, frame by frame, in the order of the aggregate steps.

    Attributes
    ----------
    steps : ndarray, shape (n,), int64
        Steps that all walkers together had done when the frame was taken.
    simulation : ndarray, shape (n,), int64
        Number of the simulation it belongs to; frames of one simulation stand in the order of time.
    points : ndarray, shape (n, d), float64
        Where the walker was, in the system's coordinates.
    """

    steps: NDArray[np.int64]
    simulation: NDArray[np.int64]
    points: NDArray[np.float64]


@dataclass
class Recorder:
    """Collects the frames of a run.

    Attributes
    ----------
    walkers : int
        Walkers that move at once: while one does a step, each of the others does one.
    """

    walkers: int
    _steps: list[NDArray[np.int64]] = field(default_factory=list)
    _simulation: list[NDArray[np.int64]] = field(default_factory=list)
    _points: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, clock: int, steps: NDArray[np.int64], points: NDArray[np.float64]) -> None:
        """One simulation that began at `clock` steps of each walker; its own steps and points."""
        self._simulation.append(np.full(len(steps), len(self._steps)))
        self._steps.append(self.walkers * (clock + steps))
        self._points.append(points)

    def trace(self) -> Trace:
        """Everything so far."""
        steps = np.concatenate(self._steps)
        order = np.argsort(steps, kind="stable")
        return Trace(
            steps[order], np.concatenate(self._simulation)[order], np.concatenate(self._points)[order]
        )
