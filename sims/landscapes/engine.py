"""The `Engine` seam on a landscape: walkers under Langevin dynamics, run by the same machinery as molecules."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from sims.engines.base import OpenMMEngine
from sims.engines.dynamics import Dynamics, Thermostat
from sims.engines.protocol import Level, Progress
from sims.files import write_atomic
from sims.landscapes.protocol import Landscape
from sims.landscapes.walkers import ANCHORS, PLANE_DISTANCE, bead_names, embed, project
from sims.platforms import PlatformChoice, choose_platform

__all__ = ["PLANE_STIFFNESS", "ToyEngine", "ToyOptions"]

PLANE_STIFFNESS = 500.0
"""kJ/mol/nm^2: what keeps a walker in its plane."""


@dataclass(frozen=True)
class ToyOptions:
    """How walkers move.

    Attributes
    ----------
    temperature : float
        K.
    friction : float
        1/ps.
    timestep : float
        ps.
    mass : float
        Da.
    """

    temperature: float = 300.0
    friction: float = 1.0
    timestep: float = 0.02
    mass: float = 50.0


class ToyEngine(OpenMMEngine):
    """The `Engine` seam on a landscape.

    Parameters
    ----------
    landscape : Landscape
    options : ToyOptions, optional
    platform : PlatformChoice, optional
        Absent: Reference, which is a thousand times faster than CPU for a few particles.
    """

    name = "toy"
    level: Level = "cg"

    def __init__(
        self,
        landscape: Landscape,
        options: ToyOptions | None = None,
        platform: PlatformChoice | None = None,
    ) -> None:
        options = options or ToyOptions()
        self._names = bead_names(landscape)
        thermostat = Thermostat(options.temperature, options.friction, options.timestep)
        super().__init__(
            repr(landscape), len(self._names), thermostat, platform or choose_platform("Reference")
        )
        self._landscape = landscape
        self._mass = options.mass

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``: three anchors and the walkers."""
        topology = app.Topology()
        chain = topology.addChain("A")
        for name in self._names:
            topology.addAtom(name, None, topology.addResidue("TOY", chain))
        text = io.StringIO()
        app.PDBFile.writeFile(topology, self.solute() * unit.nanometer, text)
        write_atomic(directory / "topology.pdb", text.getvalue())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        """Walkers may start anywhere; they only need velocities."""
        beads = embed(self._landscape, project(self._landscape, positions[None]))[0]
        dynamics = self._set_up(self._system(), beads, None, seed)
        dynamics.draw_velocities()
        return dynamics

    def _system(self) -> openmm.System:
        walkers = len(self._names) - ANCHORS
        system = openmm.System()
        for mass in [0.0] * ANCHORS + [self._mass] * walkers:
            system.addParticle(mass)
        system.addForce(self._force(walkers))
        return system

    def _force(self, walkers: int) -> openmm.Force:
        """One particle in a field of its own, or many that share an energy."""
        if walkers == 1:
            energy = f"{self._landscape.expression(['x', 'y'])}+{PLANE_STIFFNESS}/2*z^2"
            force = openmm.CustomExternalForce(energy)
            force.addParticle(ANCHORS, [])
            return force
        numbers = range(1, walkers + 1)
        energy = self._landscape.expression([f"{axis}{number}" for number in numbers for axis in "xy"])
        for number in numbers:
            energy += f"+{PLANE_STIFFNESS}/2*(z{number}-{PLANE_DISTANCE * (number - 1)})^2"
        force = openmm.CustomCompoundBondForce(walkers, energy)
        force.addBond(list(range(ANCHORS, ANCHORS + walkers)), [])
        return force
