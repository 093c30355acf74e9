"""How time passes: the Langevin middle scheme, with a heat bath that may be coupled every so many steps.

One step of the scheme is a kick by the forces, half a drift, the heat bath's Ornstein-Uhlenbeck process on the
velocities, and the other half of the drift (Zhang et al., J. Phys. Chem. A 123, 6056 (2019)). Without the heat bath
that is the leapfrog scheme. Both keep the same distribution of coordinates and velocities, so leaving the heat bath out
of most steps, and letting the process run as much longer when it comes, changes nothing but how evenly the same
friction is spread. It saves what the bath costs: on a CPU its random numbers and its three rounds of waking threads
take a tenth of a Martini simulation's time.
"""

from __future__ import annotations

from dataclasses import dataclass

import openmm

__all__ = ["Propagator", "Thermostat"]

_LANGEVIN, _LEAPFROG = 0, 1


@dataclass(frozen=True)
class Thermostat:
    """How the system is propagated.

    Attributes
    ----------
    temperature : float
        K.
    friction : float
        1/ps.
    timestep : float
        ps.
    interval : int
        Steps from one coupling to the heat bath to the next. The times between couplings must be short against
        1 / `friction`.
    """

    temperature: float
    friction: float
    timestep: float
    interval: int = 1


class Propagator:
    """The integrator of one context, and the order of its steps.

    Parameters
    ----------
    thermostat : Thermostat
        Used in production, which it is set to at first.
    seed : int
        Of the heat bath's random numbers.

    Attributes
    ----------
    integrator : openmm.Integrator
        What the context is to be made with.
    """

    def __init__(self, thermostat: Thermostat, seed: int) -> None:
        if thermostat.interval < 1:
            raise ValueError(
                f"The heat bath is coupled every {thermostat.interval} steps; it must be 1 or more."
            )
        self._thermostat = thermostat
        self._interval = thermostat.interval
        self._langevin = openmm.LangevinMiddleIntegrator(
            thermostat.temperature, thermostat.friction * thermostat.interval, thermostat.timestep
        )
        self._langevin.setRandomNumberSeed(seed)
        self._leapfrog = openmm.VerletIntegrator(thermostat.timestep) if thermostat.interval > 1 else None
        self._compound: openmm.CompoundIntegrator | None = None
        self.integrator: openmm.Integrator = self._langevin
        if self._leapfrog is not None:
            self._compound = self.integrator = openmm.CompoundIntegrator()
            for integrator in (self._langevin, self._leapfrog):
                self._compound.addIntegrator(integrator)

    def relax(self, timestep: float, friction: float) -> None:
        """From here on, steps of `timestep` ps, each coupled to the bath with `friction` per ps."""
        self._set(timestep, friction, interval=1)

    def produce(self) -> None:
        """From here on, the thermostat's own settings."""
        self._set(self._thermostat.timestep, self._thermostat.friction, self._thermostat.interval)

    def step(self, first: int, steps: int) -> None:
        """Propagate.

        Parameters
        ----------
        first : int
            Steps that were made before. Those that make a multiple of the interval complete are coupled to the bath,
            so that a simulation goes the same way in whatever pieces it is run.
        steps : int
        """
        if self._compound is None or self._interval == 1:
            self.integrator.step(steps)
            return
        done, last = first, first + steps
        try:
            while done < last:
                coupled = (done // self._interval + 1) * self._interval
                free = min(coupled - 1, last) - done
                if free:
                    self._compound.setCurrentIntegrator(_LEAPFROG)
                    self._compound.step(free)
                if coupled <= last:
                    self._compound.setCurrentIntegrator(_LANGEVIN)
                    self._compound.step(1)
                done = min(coupled, last)
        finally:
            # Its kinetic energy is that of the velocities as they are, half a step behind, whose mean is exact.
            self._compound.setCurrentIntegrator(_LANGEVIN)

    def _set(self, timestep: float, friction: float, interval: int) -> None:
        self._interval = interval
        self._langevin.setStepSize(timestep)
        self._langevin.setFriction(friction * interval)
        if self._leapfrog is not None:
            self._leapfrog.setStepSize(timestep)
