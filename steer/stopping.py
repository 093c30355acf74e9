"""Which coarse-grained simulations have stopped adding anything to the map, and are ended early. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steer.messages import CgJob, simulation_number
from steer.quantities import text

if TYPE_CHECKING:
    from steer.discoveries import Discoveries
    from steer.ledger import Ledger

__all__ = ["Finish", "Running", "finishes", "running_simulations"]


@dataclass(frozen=True)
class Running:
    """A coarse-grained simulation that has not ended.

    Attributes
    ----------
    simulation : str
    idle : float
        ps of its frames since one of them was the first in a cell of the map.
    steered : bool
        False for the control, which always runs its full length.
    """

    simulation: str
    idle: float
    steered: bool


@dataclass(frozen=True)
class Finish:
    """End a simulation early, and keep what it has."""

    simulation: str
    reason: str


def finishes(patience: float | None, running: Sequence[Running]) -> list[Finish]:
    """Those to end: steered ones that have added no cell for as long as `patience` (ps); none without one."""
    if patience is None:
        return []
    return [
        Finish(
            each.simulation,
            f"no new cell in its last {text(each.idle, 'ps')}, patience {text(patience, 'ps')}",
        )
        for each in running
        if each.steered and each.idle >= patience * (1 - 1e-9)
    ]


def running_simulations(ledger: Ledger, discoveries: Discoveries, interval: float) -> list[Running]:
    """Open simulations that were not asked to end yet, in the order in which they were planned.

    Parameters
    ----------
    ledger : Ledger
    discoveries : Discoveries
        Of coarse-grained simulations.
    interval : float
        ps between frames.
    """
    asked: Collection[str] = ledger.finishing
    jobs = [job for job in ledger.open.values() if isinstance(job, CgJob) and job.simulation not in asked]
    return [
        Running(
            job.simulation,
            interval * _at(discoveries, simulation_number(job.simulation)),
            ledger.simulations[job.simulation].steered,
        )
        for job in jobs
    ]


def _at(discoveries: Discoveries, number: int) -> int:
    return int(discoveries.idle[number]) if number < len(discoveries.idle) else 0
