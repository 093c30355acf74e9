"""Which coarse-grained simulations have stopped adding anything, and are ended early. Pure.

To let a simulation run is to start one from its latest frame. So the rule that says where simulations start says which go
on, too: asked for as many starts as simulations run, it takes at least one of what each has lately seen, or that one's
slot is better used elsewhere. This holds on every map and for every rule, with a target as without.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.messages import CgJob, simulation_number
from steer.quantities import text

if TYPE_CHECKING:
    from steer.ledger import Ledger

__all__ = ["LOOKS", "TOGETHER", "Finish", "Looks", "Running", "finishes", "parts", "running_simulations"]

LOOKS = 4
"""Times that a running simulation is judged while it runs for as long as the patience, on average. A look takes as many picks as
it judges simulations, so that one pick falls to every few frames, whatever their number."""

TOGETHER = 256
"""Simulations judged at a look, about: of more, a part is judged at each look against the frames of that part alone, as many
to a simulation as there are in all. A look then takes as long however many run, and looks are so much more frequent."""


@dataclass(frozen=True)
class Running:
    """A coarse-grained simulation that has not ended.

    Attributes
    ----------
    simulation : str
    time : float
        ps that its stored frames tell of.
    steered : bool
        False for the control, which always runs its full length.
    """

    simulation: str
    time: float
    steered: bool

    @property
    def number(self) -> int:
        """Of the simulation."""
        return simulation_number(self.simulation)


@dataclass(frozen=True)
class Finish:
    """End a simulation early, and keep what it has."""

    simulation: str
    reason: str


class Looks:
    """When running simulations are judged again.

    Parameters
    ----------
    patience : float or None
        ps; None for never.
    time : float
        ps of CG simulation stored so far, which are not waited for.
    """

    def __init__(self, patience: float | None, time: float) -> None:
        self._patience, self._last = patience, time

    def due(self, time: float, at_once: int) -> bool:
        """Whether enough has been stored since the last look, for so many simulations at once."""
        if self._patience is None or at_once == 0:
            return False
        looks = LOOKS * parts(at_once)
        return looks * (time - self._last) >= self._patience * at_once * (1 - 1e-9)

    def done(self, time: float) -> None:
        """They were judged when so much was stored."""
        self._last = time


def parts(at_once: int) -> int:
    """Parts in which so many simulations are judged; a simulation is in that of its number's remainder."""
    return max(1, math.ceil(at_once / TOGETHER))


def finishes(
    patience: float, running: Sequence[Running], parents: NDArray[np.integer], times: NDArray[np.floating]
) -> list[Finish]:
    """Those to end: steered ones none of whose latest frames is where the rule would start another now.

    Parameters
    ----------
    patience : float
        ps of a simulation that are looked at; one that has not run for as long is let be.
    running : sequence of Running
    parents : ndarray, shape (k,), int
        Numbers of the simulations that the rule would start from, when asked for as many starts as are `running`.
    times : ndarray, shape (k,)
        When in its simulation each of these frames was, ps.
    """
    latest: dict[int, float] = {}
    for parent, time in zip(parents.tolist(), times.tolist(), strict=True):
        latest[parent] = max(time, latest.get(parent, 0.0))
    window = patience * (1 - 1e-9)
    return [
        Finish(
            each.simulation,
            f"asked for a start for each simulation judged ({len(parents)}), the rule takes none from its last {text(patience, 'ps')}",
        )
        for each in running
        if each.steered
        and each.time >= window
        and each.time - latest.get(each.number, float("-inf")) >= window
    ]


def running_simulations(ledger: Ledger, frames: Mapping[str, int], interval: float) -> list[Running]:
    """Open simulations that have frames and were not asked to end yet, in the order in which they were planned.

    Parameters
    ----------
    ledger : Ledger
    frames : mapping of str to int
        How many frames of each simulation are stored.
    interval : float
        ps between frames.
    """
    asked: Collection[str] = ledger.finishing
    ids = [job.simulation for job in ledger.open.values() if isinstance(job, CgJob)]
    return [
        Running(id, interval * frames[id], ledger.simulations[id].steered)
        for id in ids
        if frames.get(id) and id not in asked
    ]
