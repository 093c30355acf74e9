"""Many independent copies of one landscape's walkers in one OpenMM context, where opening contexts would cost most.

They move as `sims.landscapes.engine.ToyEngine` moves one: same forces, same Langevin scheme; copies do not feel each
other.
"""

from __future__ import annotations

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

    def walk(self, starts: NDArray[np.floating], steps: int, every: int) -> NDArray[np.float64]:
        """Let as many copies walk as there are starts.

        Parameters
        ----------
        starts : ndarray, shape (n, d)
            Where each copy starts (nm), n at most `copies`; velocities are drawn.
        steps : int
            Integrator steps of each copy.
        every : int
            Steps between two frames; divides `steps`.

        Returns
        -------
        ndarray, shape (n, steps // every, d)
            nm.
        """
        self._place(np.asarray(starts, np.float64))
        frames = np.empty((steps // every, self._copies, 2 * self._walkers))
        for frame in frames:
            self._integrator.step(every)
            now = self._context.getState(positions=True).getPositions(asNumpy=True)._value
            frame[:] = now.reshape(self._copies, self._walkers, 3)[..., :2].reshape(self._copies, -1)
        return frames.transpose(1, 0, 2)[: len(starts)]

    def _place(self, starts: NDArray[np.float64]) -> None:
        idle = np.repeat(starts[:1], self._copies - len(starts), axis=0)
        positions = np.zeros((self._copies, self._walkers, 3))
        positions[..., :2] = np.concatenate([starts, idle]).reshape(self._copies, self._walkers, 2)
        positions[..., 2] = PLANE_DISTANCE * np.arange(self._walkers)
        self._context.setPositions(positions.reshape(-1, 3))
        self._context.setVelocitiesToTemperature(self._temperature, self._draw())

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
