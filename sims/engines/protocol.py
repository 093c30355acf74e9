"""The `Engine` seam: run a simulation from a configuration or a state, and yield frames of the followed beads.

An engine owns one molecular system on one OpenMM context. It is *prepared* once, either from coordinates
(`start`: build, minimise, relax, draw velocities) or from a portable state written earlier (`restore`), and then run
in pieces. What leaves it are frames of the followed beads (the solute's Martini beads, made whole), whatever the
system underneath: a coarse-grained one, an all-atom one mapped to beads on the fly, or a toy landscape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Engine", "EngineFrame", "Level", "Progress"]

Level = Literal["cg", "aa"]

Progress = Callable[[str, float], None]
"""What a long operation calls as it goes: a short phase name ("minimise") and the fraction done in [0, 1]."""


@dataclass(frozen=True)
class EngineFrame:
    """One configuration of the followed beads.

    Attributes
    ----------
    step : int
        Integrator steps since the simulation's start (counted across segments and restarts).
    time : float
        ps since the simulation's start.
    box : ndarray, shape (3,), float32
        Edge lengths in nm; zeros when there is no periodic box.
    positions : ndarray, shape (n_beads, 3), float32
        nm, molecules whole, not wrapped into the box.
    """

    step: int
    time: float
    box: NDArray[np.float32]
    positions: NDArray[np.float32]


class Engine(Protocol):
    """One simulation that can be started, continued, saved and looked at."""

    level: Level
    timestep: float
    """Integration step in ps."""
    platform: str
    """Name of the OpenMM platform it runs on."""

    @property
    def step(self) -> int:
        """Integrator steps since the simulation's start, counted across segments and restarts."""

    def start(self, positions: NDArray[np.floating], seed: int, progress: Progress | None = None) -> None:
        """Build the system around these coordinates, minimise, relax and draw velocities.

        Parameters
        ----------
        positions : ndarray, shape (n, 3)
            nm. Solute beads for a coarse-grained engine, solute atoms for an all-atom one.
        seed : int
            Source of all randomness: solvent placement, velocities, thermostat.
        """

    def restore(self, state: Path) -> None:
        """Continue from a state that `save` wrote, on this or any other platform."""

    def save(self, state: Path) -> None:
        """Write a portable state atomically (an OpenMM State as XML, with what is needed to rebuild the system).

        What follows goes exactly as in an engine that restores this state, where the platform is deterministic.
        """

    def rescue(self, state: Path) -> None:
        """Go back to a state with new velocities, and let a while pass in smaller steps, which are not counted.

        Raises
        ------
        SimulationDiverged
            When even that is not stable.
        """

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``, the followed beads as they are now, and for an all-atom engine ``atoms.pdb``."""

    def run(self, steps: int, every: int) -> Iterator[EngineFrame]:
        """Advance by `steps`, yielding a frame at each step of the simulation that is a multiple of `every`.

        Called piece by piece it yields the same frames as called once.

        Raises
        ------
        SimulationDiverged
            When coordinates or energy are no longer finite.
        """

    def solute(self) -> NDArray[np.float32]:
        """Present coordinates of the whole solute in nm: beads (cg) or atoms (aa), molecules whole."""
