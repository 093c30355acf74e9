"""A molecular system in motion: OpenMM system, Langevin thermostat, context, and where its randomness comes from.

What every engine has in common. The random numbers of the thermostat are drawn anew from (seed, step) whenever a
state is saved or restored, so that a simulation continued from a file goes exactly as the one that wrote it (on the
CPU and Reference platforms, which are deterministic), and a thermostat's noise is never repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import unit

from sims.engines.protocol import Progress
from sims.exceptions import SimulationDiverged
from sims.minimise import minimise
from sims.platforms import PlatformChoice

__all__ = ["LADDER", "Dynamics", "Rung", "Thermostat"]

_RELAXING_FRICTION = 10.0
_RENEWING_FRICTION = 1e6
_DETERMINISTIC = frozenset({"CPU", "Reference"})
_CHUNK = 250
_BAROSTATS = (
    openmm.MonteCarloBarostat,
    openmm.MonteCarloAnisotropicBarostat,
    openmm.MonteCarloMembraneBarostat,
    openmm.MonteCarloFlexibleBarostat,
)


@dataclass(frozen=True)
class Thermostat:
    """How the system is propagated (Langevin middle scheme, Zhang et al., J. Phys. Chem. A 123, 6056 (2019)).

    Attributes
    ----------
    temperature : float
        K.
    friction : float
        1/ps.
    timestep : float
        ps.
    """

    temperature: float
    friction: float
    timestep: float


@dataclass(frozen=True)
class Rung:
    """One stage of a relaxation: `steps` of `timestep` ps."""

    steps: int
    timestep: float


LADDER = (Rung(500, 0.002), Rung(500, 0.005), Rung(1000, 0.010))
"""From minimised coordinates to a time step of 20 fs."""


class _Draw(IntEnum):
    """What a random number is drawn for, so that no two uses share one."""

    VELOCITIES = 1
    THERMOSTAT = 2
    RELAXATION = 3


class Dynamics:
    """One OpenMM system that can be relaxed, advanced and rescued.

    Parameters
    ----------
    system : openmm.System
    thermostat : Thermostat
        Used in production.
    platform : PlatformChoice
    seed : int
        Source of all randomness.

    Attributes
    ----------
    system : openmm.System
    step : int
        Production steps so far.
    """

    def __init__(
        self, system: openmm.System, thermostat: Thermostat, platform: PlatformChoice, seed: int
    ) -> None:
        self.system = system
        self.step = 0
        self._thermostat = thermostat
        self._platform = platform
        self._seed = seed
        self._rescues = 0
        self._periodic = system.usesPeriodicBoundaryConditions()
        self._masses = _masses(system)
        self._freedom = _degrees_of_freedom(system, self._masses)
        self._open(_Draw.RELAXATION)

    def place(self, positions: NDArray[np.floating], box: NDArray[np.floating] | None = None) -> None:
        """Set the coordinates (n, 3) and, where given, the edges of a rectangular box (3,), in nm."""
        if box is not None:
            self._context.setPeriodicBoxVectors(*np.diag(np.asarray(box, np.float64)))
        self._context.setPositions(np.asarray(positions, np.float64))
        self._context.computeVirtualSites()

    def move(self, velocities: NDArray[np.floating]) -> None:
        """Set the velocities (n, 3) in nm/ps."""
        self._context.setVelocities(np.asarray(velocities, np.float64))

    def minimise(self, iterations: int, tolerance: float = 10.0, progress: Progress | None = None) -> None:
        """Minimise the energy; see `sims.minimise.minimise`.

        Raises
        ------
        SimulationDiverged
            When the energy is not finite afterwards.
        """
        minimise(self._context, iterations, tolerance, progress)
        self._check()

    def relax(self, ladder: Sequence[Rung], progress: Progress | None = None) -> None:
        """Climb a ladder of growing time steps under high friction, from velocities drawn anew; nothing is counted.

        Rungs longer than the production time step are left out.
        """
        rungs = [rung for rung in ladder if rung.timestep <= self._thermostat.timestep]
        total = sum(rung.steps for rung in rungs)
        self.draw_velocities()
        done = 0
        for rung in rungs:
            self._couple(rung.timestep, _RELAXING_FRICTION)
            for chunk in _chunks(rung.steps):
                self._propagate(chunk)
                done += chunk
                if progress is not None:
                    progress("relax", done / total)
        self._couple(self._thermostat.timestep, self._thermostat.friction)

    def draw_velocities(self) -> None:
        """Maxwell-Boltzmann velocities from the seed."""
        seed = self._draw(_Draw.VELOCITIES)
        self._context.setVelocitiesToTemperature(self._thermostat.temperature, seed)

    def renew_velocities(self) -> None:
        """Propagate by one step, which counts, and in its middle draw all velocities anew.

        The middle of a step is where the Langevin middle scheme has its noise; drawn there, velocities leave the
        scheme's own distribution as it was. Between two steps velocities and positions are correlated, and
        independent ones (`draw_velocities`) heat fast vibrations: by 14% of the temperature for alanine dipeptide
        restarted every 0.16 ps with steps of 4 fs.
        """
        self._couple(self._thermostat.timestep, _RENEWING_FRICTION)
        self.advance(1)
        self._couple(self._thermostat.timestep, self._thermostat.friction)

    def begin(self) -> None:
        """Production starts here: step 0."""
        self.resume(self.state())

    def resume(self, state: openmm.State) -> None:
        """Continue from a state, at its step."""
        self._rescues = 0
        self.step = int(state.getStepCount())
        self._open(_Draw.THERMOSTAT)
        self._context.setState(state)

    def reseed(self) -> None:
        """Draw the thermostat's noise anew from (seed, step), as `resume` does.

        Left out on GPUs, where no two runs agree to the last bit and a new context takes seconds.
        """
        if self._platform.name in _DETERMINISTIC:
            self.resume(self.state())

    def rescue(self, state: openmm.State) -> None:
        """Go back to `state` with new velocities, and let a while pass in steps a quarter as long, uncounted.

        Raises
        ------
        SimulationDiverged
            When even that is not stable.
        """
        self._rescues += 1
        self.step = int(state.getStepCount())
        self._open(_Draw.THERMOSTAT)
        self._context.setState(state)
        self.relax([Rung(2000, self._thermostat.timestep / 4)])

    def advance(self, steps: int) -> None:
        """Propagate and count.

        Raises
        ------
        SimulationDiverged
            When coordinates or energy are not finite afterwards, or the system has exploded.
        """
        for chunk in _chunks(steps):
            self._propagate(chunk)
            self.step += chunk

    def state(self) -> openmm.State:
        """Positions (never wrapped), velocities, box and parameters, at the present step and time."""
        self._context.setStepCount(self.step)
        self._context.setTime(self.step * self._thermostat.timestep)
        return self._context.getState(positions=True, velocities=True, parameters=True)

    def positions(self) -> NDArray[np.float64]:
        """Coordinates (n, 3) in nm, never wrapped."""
        state = self._context.getState(positions=True)
        return np.asarray(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))

    def velocities(self) -> NDArray[np.float64]:
        """Velocities (n, 3) in nm/ps, half a step behind the positions."""
        state = self._context.getState(velocities=True)
        return np.asarray(state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond))

    def box(self) -> NDArray[np.float64]:
        """Edges (3,) of the periodic box in nm; zeros for none."""
        if not self._periodic:
            return np.zeros(3)
        vectors = self._context.getState().getPeriodicBoxVectors(asNumpy=True)
        return np.diagonal(vectors.value_in_unit(unit.nanometer)).copy()

    def molecules(self) -> list[NDArray[np.int64]]:
        """Particle indices of each molecule."""
        return [np.sort(np.asarray(molecule, np.int64)) for molecule in self._context.getMolecules()]

    def energies(self) -> tuple[float, float]:
        """Potential and kinetic energy in kJ/mol."""
        state = self._context.getState(energy=True)
        return (
            float(state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)),
            float(state.getKineticEnergy().value_in_unit(unit.kilojoule_per_mole)),
        )

    def temperature(self) -> float:
        """Instantaneous temperature in K."""
        return self._to_temperature(self.energies()[1])

    def _open(self, purpose: _Draw) -> None:
        """A new context with its own stream of random numbers, in production settings."""
        seed = self._draw(purpose)
        self._integrator = openmm.LangevinMiddleIntegrator(
            self._thermostat.temperature, self._thermostat.friction, self._thermostat.timestep
        )
        self._integrator.setRandomNumberSeed(seed)
        for force in self.system.getForces():
            if isinstance(force, _BAROSTATS):
                force.setRandomNumberSeed(seed)
        self._context = openmm.Context(
            self.system, self._integrator, self._platform.platform, self._platform.properties
        )

    def _couple(self, timestep: float, friction: float) -> None:
        """From here on, steps of `timestep` ps under `friction` per ps."""
        self._integrator.setStepSize(timestep)
        self._integrator.setFriction(friction)

    def _draw(self, purpose: _Draw) -> int:
        """A positive 31-bit seed for `purpose` at this step."""
        sequence = np.random.SeedSequence([self._seed, self.step, self._rescues, purpose])
        return int(sequence.generate_state(1)[0] & 0x7FFFFFFE) + 1

    def _propagate(self, steps: int) -> None:
        try:
            self._integrator.step(steps)
        except openmm.OpenMMException as error:
            if "nan" in str(error).lower():
                raise SimulationDiverged(self.step + steps) from error
            raise
        self._check_motion(self.step + steps)

    def _check(self) -> None:
        if not np.isfinite(self.energies()).all():
            raise SimulationDiverged(self.step)

    def _check_motion(self, step: int) -> None:
        """By the velocities alone: whatever is wrong with forces or coordinates is in them a step later, and to ask for
        the energy would cost a step."""
        state = self._context.getState(velocities=True)
        velocities = state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond)
        kinetic = float(0.5 * self._masses @ np.square(velocities).sum(axis=1))
        # Twenty times the mean kinetic energy has a probability below 1e-12 even for a single particle.
        if not np.isfinite(kinetic) or self._to_temperature(kinetic) > 20 * self._thermostat.temperature:
            raise SimulationDiverged(step)

    def _to_temperature(self, kinetic: float) -> float:
        gas_constant = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)
        return 2 * kinetic / (self._freedom * gas_constant)


def _masses(system: openmm.System) -> NDArray[np.float64]:
    masses = [system.getParticleMass(i).value_in_unit(unit.dalton) for i in range(system.getNumParticles())]
    return np.array(masses, np.float64)


def _degrees_of_freedom(system: openmm.System, masses: NDArray[np.float64]) -> int:
    freedom = 3 * int(np.count_nonzero(masses))
    for index in range(system.getNumConstraints()):
        first, second, _ = system.getConstraintParameters(index)
        freedom -= bool(masses[first] > 0 or masses[second] > 0)
    if any(isinstance(force, openmm.CMMotionRemover) for force in system.getForces()):
        freedom -= 3
    return max(freedom, 1)


def _chunks(steps: int) -> list[int]:
    whole, rest = divmod(steps, _CHUNK)
    return [_CHUNK] * whole + ([rest] if rest else [])
