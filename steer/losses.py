"""Frames that were stored and can no longer be read, named by simulation and steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from steer.columns import DAMAGED, UNKNOWN
from steer.shards import LEVELS

__all__ = ["Loss", "losses"]


@dataclass(frozen=True)
class Loss:
    """Lost frames of one simulation.

    Attributes
    ----------
    simulation : str
        Its id; ``""`` where nothing says any more which it was.
    steps : ndarray, shape (n,), int64
        Their steps, ascending.
    """

    simulation: str
    steps: NDArray[np.int64]

    def __str__(self) -> str:
        count = "1 frame" if len(self.steps) == 1 else f"{len(self.steps)} frames"
        if not self.simulation:
            return f"{count} of unknown simulations"
        if len(self.steps) == 1:
            return f"{self.simulation}: 1 frame, step {self.steps[0]}"
        return f"{self.simulation}: {count}, steps {self.steps[0]} to {self.steps[-1]}"

    def without(self, found: NDArray[np.bool_]) -> Self | None:
        """What is still lost when these, shape (n,), are found; None when nothing is."""
        return None if found.all() else type(self)(self.simulation, self.steps[~found])


def losses(level: NDArray[np.uint8], number: NDArray[np.uint32], step: NDArray[np.int64]) -> list[Loss]:
    """Group lost frames by simulation.

    Parameters
    ----------
    level : ndarray, shape (n,), uint8
        Codes, of damaged rows or not.
    number : ndarray, shape (n,), uint32
    step : ndarray, shape (n,), int64
    """
    known = level != UNKNOWN
    found = []
    for code in range(len(LEVELS)):
        of_level = known & (level & ~np.uint8(DAMAGED) == code)
        for simulation in np.unique(number[of_level]).tolist():
            steps = np.unique(step[of_level & (number == simulation)])
            found.append(Loss(f"{LEVELS[code]}-{simulation:06d}", steps))
    if not known.all():
        found.append(Loss("", np.sort(step[~known])))
    return found
