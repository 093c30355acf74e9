"""From whose frames each simulation started, and what came of it: the yields that selection may weigh.

A simulation is a child of the coarse-grained simulation that gave the frame: directly, when it started from the frame
or is its refinement, and through the refinement when it started from the refined structure.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.messages import simulation_number
from steer.selection.protocol import Yields

if TYPE_CHECKING:
    from steer.discoveries import Discoveries
    from steer.journal import Simulation
    from steer.ledger import Ledger

__all__ = ["Parentage"]

ORPHAN = 0
"""Parent of what started from the input structure; simulations count from one."""


class Parentage:
    """Numbers of the parents, kept level with the ledger.

    Parameters
    ----------
    ledger : Ledger
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = 0
        self._parents: dict[str, list[int]] = {"cg": [ORPHAN], "aa": [ORPHAN]}

    def yields(self, discoveries: dict[str, Discoveries]) -> Yields:
        """Starts and gains of every coarse-grained simulation.

        Parameters
        ----------
        discoveries : dict of str to Discoveries
            By level.
        """
        self._catch_up()
        own = discoveries["cg"].cells
        size = max(len(own), len(self._parents["cg"]))
        starts, gains = np.zeros(size, np.int64), _padded(own, size)
        for level, numbers in self._parents.items():
            parents = np.array(numbers)
            starts += np.bincount(parents, minlength=size)
            cells = _padded(discoveries[level].cells, max(len(parents), len(discoveries[level].cells)))
            gains += np.bincount(parents, cells[: len(parents)], minlength=size)
        starts[ORPHAN], gains[ORPHAN] = 0, 0.0
        return Yields(starts, gains)

    def _catch_up(self) -> None:
        simulations = self._ledger.simulations
        for simulation in islice(simulations.values(), self._read, None):
            numbers = self._parents[simulation.level]
            number = simulation_number(simulation.id)
            numbers.extend([ORPHAN] * (number + 1 - len(numbers)))
            numbers[number] = self._parent(simulation)
        self._read = len(simulations)

    def _parent(self, simulation: Simulation) -> int:
        source: str | None = simulation.id
        if simulation.level == "cg":
            source = self._ledger.seeds[simulation.seed].parent if simulation.seed is not None else None
        if source in self._ledger.promotions:
            source = self._ledger.promotions[source].source
        return ORPHAN if source is None else simulation_number(source)


def _padded(cells: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    return np.concatenate([cells, np.zeros(size - len(cells))])
