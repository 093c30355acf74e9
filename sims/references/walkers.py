"""Many short simulations of one reference molecule, one after the other in one OpenMM context.

Forces, thermostat, time step and checks are those of the molecule's engine. What differs from starting an engine anew
for each: a walk that begins at a frame of an earlier one takes up everything that belongs to the frame, its solvent
too, as it was, and draws velocities anew in the middle of its first step. Nothing is solvated, minimised or relaxed
again, so that no steps are spent beside those that count, and a frame that was in equilibrium still is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.references.protocol import ReferenceMolecule

__all__ = ["MoleculeWalkers"]


class MoleculeWalkers:
    """Copies of a molecule, let loose from frames again and again.

    Parameters
    ----------
    molecule : ReferenceMolecule
    seed : int
        Source of all randomness: the same walks asked for in the same order go the same way.
    """

    def __init__(self, molecule: ReferenceMolecule, seed: int) -> None:
        self._molecule = molecule
        self._engine = molecule.engine()
        self._engine.start(molecule.start, seed)
        self._dynamics = self._engine.dynamics
        self._whole = {_key(molecule.start): self._now()}

    def walk(
        self, starts: NDArray[np.floating], steps: int, every: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Simulate from each start.

        Parameters
        ----------
        starts : ndarray, shape (n, n_beads, 3)
            The molecule's own start, which was solvated, minimised and relaxed once; or frames that a walk returned.
        steps : int
            Integrator steps from each.
        every : int
            Steps between two frames; divides `steps`.

        Returns
        -------
        ndarray, shape (n, steps // every, 2)
            The molecule's coordinates.
        ndarray, shape (n, steps // every, n_beads, 3), float32
            Frames in nm.

        Raises
        ------
        KeyError
            When a start is neither.
        SimulationDiverged
            When coordinates or energy are no longer finite.
        """
        frames = np.empty((len(starts), steps // every, self._molecule.n_beads, 3), np.float32)
        for start, own in zip(starts, frames, strict=True):
            self._walk(start, own, every)
        points = self._molecule.coordinates(frames.reshape(-1, *frames.shape[2:]))
        return points.reshape(*frames.shape[:2], -1), frames

    def _walk(self, start: NDArray[np.floating], frames: NDArray[np.float32], every: int) -> None:
        positions, velocities = self._whole[_key(start)]
        self._dynamics.place(positions)
        self._dynamics.move(velocities)
        self._dynamics.renew_velocities()
        for number, frame in enumerate(frames):
            self._dynamics.advance(every if number else every - 1)
            frame[:] = self._engine.solute()
            self._whole[_key(frame)] = self._now()

    def _now(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._dynamics.positions(), self._dynamics.velocities()


def _key(positions: NDArray[np.floating]) -> bytes:
    return np.asarray(positions, np.float32).tobytes()
