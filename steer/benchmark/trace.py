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
    """Collects the frames of a run."""

    _steps: list[NDArray[np.int64]] = field(default_factory=list)
    _simulation: list[NDArray[np.int64]] = field(default_factory=list)
    _points: list[NDArray[np.float64]] = field(default_factory=list)

    def add(
        self,
        simulation: int,
        spent: int,
        together: int,
        steps: NDArray[np.int64],
        points: NDArray[np.float64],
    ) -> None:
        """A part of one simulation, of several that ran together.

        Parameters
        ----------
        simulation : int
            Its number.
        spent : int
            Aggregate steps when the part began.
        together : int
            How many ran: while one does a step, each of the others does one.
        steps : ndarray, shape (n,), int64
            The simulation's own since then.
        points : ndarray, shape (n, d)
            Its coordinates.
        """
        self._simulation.append(np.full(len(steps), simulation))
        self._steps.append(spent + together * steps)
        self._points.append(points)

    def trace(self) -> Trace:
        """Everything so far."""
        steps = np.concatenate(self._steps)
        order = np.argsort(steps, kind="stable")
        return Trace(
            steps[order], np.concatenate(self._simulation)[order], np.concatenate(self._points)[order]
        )
