"""The `Landscape` protocol: an energy surface whose minima, barriers and populations are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOLTZMANN", "Landscape", "states"]

BOLTZMANN = 8.31446261815324e-3
"""kJ/mol/K."""


class Landscape(Protocol):
    """An energy surface over two dimensions, or any even number of them.

    Its `repr` is its identity: two landscapes of one `repr` are the same. A *state* is a ball around a minimum, its
    core; what lies outside all cores is in transition.
    """

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """(lowest, highest) in nm along each dimension, of the region that matters."""

    @property
    def minima(self) -> NDArray[np.float64]:
        """Local minima, shape (n, d), in nm."""

    @property
    def cores(self) -> NDArray[np.float64]:
        """Radius of the state around each minimum, shape (n,), in nm; cores do not meet."""

    @property
    def start(self) -> NDArray[np.float64]:
        """Where an exploration begins, shape (d,)."""

    @property
    def truth(self) -> str:
        """How `populations` is known, in a sentence."""

    def climb(self, temperature: float) -> float:
        """kJ/mol to be climbed from `start` to the state that is hardest to reach; in free energy where the way is
        narrow rather than high."""

    def populations(self, temperature: float) -> NDArray[np.float64]:
        """Probability of each state, shape (n,), at a temperature in K; the rest of one is transition."""

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, d) in nm."""

    def expression(self, names: Sequence[str]) -> str:
        """The same energy as an OpenMM expression of coordinates of these names."""


def states(landscape: Landscape, points: NDArray[np.floating]) -> NDArray[np.int64]:
    """State of each point.

    Parameters
    ----------
    landscape : Landscape
    points : ndarray, shape (n, d)
        nm.

    Returns
    -------
    ndarray, shape (n,), int64
        Index of the minimum in whose core it is; -1 outside all.
    """
    found = np.full(len(points), -1, dtype=np.int64)
    for number, (minimum, core) in enumerate(zip(landscape.minima, landscape.cores, strict=True)):
        found[np.linalg.norm(points - minimum, axis=1) < core] = number
    return found
