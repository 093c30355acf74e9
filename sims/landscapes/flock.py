"""Many independent copies of one landscape's walkers in one OpenMM context, where opening contexts would cost most.

They move as `sims.landscapes.engine.ToyEngine` moves one: same forces, same Langevin scheme; copies do not feel each
other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import openmm
from numpy.typing import NDArray

from sims.landscapes.engine import PLANE_STIFFNESS, ToyOptions
from sims.landscapes.protocol import Landscape
from sims.landscapes.walkers import PLANE_DISTANCE

__all__ = ["Flock"]


class Flock:
    """So many copies, let loose from other points again and again without building anything anew.

    Parameters
    ----------
    landscape : Landscape
    options : ToyOptions
    copies : int
    seed : int
        Source of all randomness: the same runs asked for in the same order go the same way.
    """

    def __init__(self, landscape: Landscape, options: ToyOptions, copies: int, seed: int) -> None:
        self._temperature, self._copies = options.temperature, copies
        self._begun = False
        self._walkers = len(landscape.bounds) // 2
        self._seeds = np.random.default_rng(seed)
        self._integrator = openmm.LangevinMiddleIntegrator(
            options.temperature, options.friction, options.timestep
        )
        self._integrator.setRandomNumberSeed(self._draw())
        self._context = openmm.Context(
            _system(landscape, options, copies, self._walkers),
            self._integrator,
            openmm.Platform.getPlatformByName("Reference"),
        )

    def walk(
        self, starts: Mapping[int, NDArray[np.floating] | None], steps: int, every: int
    ) -> NDArray[np.float64]:
        """Let some copies walk, each from a new place or on from where it is.

        Parameters
        ----------
        starts : mapping of int to ndarray, shape (d,), or None
            Where each copy, by its number, starts (nm), with velocities drawn anew; None for one that goes on.
        steps : int
            Integrator steps of each copy.
        every : int
            Steps between two frames; divides `steps`.

        Returns
        -------
        ndarray, shape (n, steps // every, d)
            nm; in the order of `starts`.
        """
        self._place({copy: start for copy, start in starts.items() if start is not None})
        frames = np.empty((steps // every, self._copies, 2 * self._walkers))
        for frame in frames:
            self._integrator.step(every)
            frame[:] = self._positions()[..., :2].reshape(self._copies, -1)
        return frames.transpose(1, 0, 2)[list(starts)]

    def _place(self, starts: Mapping[int, NDArray[np.floating]]) -> None:
        if not starts:
            return
        going = [copy for copy in range(self._copies) if copy not in starts] if self._begun else []
        velocities = self._velocities()[going] if going else None
        self._set_positions(starts)
        self._context.setVelocitiesToTemperature(self._temperature, self._draw())
        if velocities is not None:
            drawn = self._velocities()
            drawn[going] = velocities
            self._context.setVelocities(drawn.reshape(-1, 3))
        self._begun = True

    def _set_positions(self, starts: Mapping[int, NDArray[np.floating]]) -> None:
        """Copies that have not begun wait where the first of the others starts."""
        positions = self._positions() if self._begun else np.empty((self._copies, self._walkers, 3))
        where = (
            starts
            if self._begun
            else {**dict.fromkeys(range(self._copies), next(iter(starts.values()))), **starts}
        )
        for copy, start in where.items():
            positions[copy, :, :2] = np.reshape(start, (self._walkers, 2))
            positions[copy, :, 2] = PLANE_DISTANCE * np.arange(self._walkers)
        self._context.setPositions(positions.reshape(-1, 3))

    def _positions(self) -> NDArray[np.float64]:
        now = self._context.getState(positions=True).getPositions(asNumpy=True)._value
        return np.array(now).reshape(self._copies, self._walkers, 3)

    def _velocities(self) -> NDArray[np.float64]:
        now = self._context.getState(velocities=True).getVelocities(asNumpy=True)._value
        return np.array(now).reshape(self._copies, self._walkers, 3)

    def _draw(self) -> int:
        return int(self._seeds.integers(1, 2**31 - 1))


def _system(landscape: Landscape, options: ToyOptions, copies: int, walkers: int) -> openmm.System:
    system = openmm.System()
    for _ in range(copies * walkers):
        system.addParticle(options.mass)
    numbers = range(1, walkers + 1)
    energy = landscape.expression([f"{axis}{number}" for number in numbers for axis in "xy"])
    for number in numbers:
        energy += f"+{PLANE_STIFFNESS}/2*(z{number}-{PLANE_DISTANCE * (number - 1)})^2"
    force = openmm.CustomCompoundBondForce(walkers, energy)
    for copy in range(copies):
        force.addBond(list(range(copy * walkers, (copy + 1) * walkers)), [])
    system.addForce(force)
    return system
