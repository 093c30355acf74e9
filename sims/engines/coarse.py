"""Coarse-grained simulation: the `Engine` seam on a Martini 3 model in water and ions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import openmm
from numpy.typing import NDArray

from sims.engines.base import OpenMMEngine
from sims.engines.dynamics import LADDER, Dynamics, Thermostat
from sims.engines.protocol import Level, Progress
from sims.martini.model import CoarseModel
from sims.martini.solvent import WATER_BEAD, Solvated, solvate
from sims.martini.system import Form, build_system, choose_form
from sims.platforms import PlatformChoice, choose_platform

__all__ = ["CoarseOptions", "MartiniEngine"]

_MINIMISATION = 1000


@dataclass(frozen=True)
class CoarseOptions:
    """How the coarse-grained side is simulated.

    Attributes
    ----------
    temperature : float
        K.
    padding : float
        nm between the solute and the nearest edge of the box.
    salt : float
        mol/L of NaCl beside neutralising ions.
    timestep : float
        ps.
    nonbonded : {"auto", "exact", "fast"}
        Form of the nonbonded forces (`sims.martini.system.build_system`); ``auto`` takes ``fast`` where it is faster:
        on the CPU platform, in much water. The forces are the same.
    friction : float
        1/ps, in production.
    """

    temperature: float = 300.0
    padding: float = 1.2
    salt: float = 0.15
    timestep: float = 0.020
    nonbonded: Literal["auto", "exact", "fast"] = "auto"
    friction: float = 1.0


class MartiniEngine(OpenMMEngine):
    """The `Engine` seam on beads, at constant volume and the density of the solvent's own box.

    Parameters
    ----------
    model : CoarseModel
    options : CoarseOptions, optional
    platform : PlatformChoice, optional
        Absent: the fastest that works.
    """

    name = "martini"
    level: Level = "cg"

    def __init__(
        self,
        model: CoarseModel,
        options: CoarseOptions | None = None,
        platform: PlatformChoice | None = None,
    ) -> None:
        options = options or CoarseOptions()
        thermostat = Thermostat(options.temperature, options.friction, options.timestep)
        super().__init__(model.identity, model.n_beads, thermostat, platform or choose_platform())
        self._model = model
        self._options = options

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``: the solute's beads."""
        self._model.write_pdb(directory / "topology.pdb", self.solute())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        solvated = self._solvate(positions, seed)
        dynamics = self._set_up(self._system(solvated), solvated.positions, solvated.box, seed)
        dynamics.minimise(_MINIMISATION, progress=progress)
        dynamics.relax(LADDER, progress)
        return dynamics

    def _solvate(self, positions: NDArray[np.float64], seed: int) -> Solvated:
        return solvate(self._model, positions, self._options.padding, self._options.salt, seed)

    def _system(self, solvated: Solvated) -> openmm.System:
        return build_system(solvated.molecules, solvated.box, self._model.parameters, self._form(solvated))

    def _form(self, solvated: Solvated) -> Form:
        if self._options.nonbonded != "auto":
            return self._options.nonbonded
        water = solvated.counts.get(WATER_BEAD.name, 0)
        return choose_form(water, len(solvated.positions) - water) if self.platform == "CPU" else "exact"
