"""Many short simulations of one reference molecule, one after the other in one OpenMM context.

Forces, thermostat, time step and checks are those of the molecule's engine. What differs from starting an engine anew
for each: a walk that begins at a frame of an earlier one takes up everything that belongs to the frame, its solvent
too, as it was, and draws velocities anew in the middle of its first step. Nothing is solvated, minimised or relaxed
again, so that no steps are spent beside those that count, and a frame that was in equilibrium still is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sims.references.protocol import ReferenceMolecule

__all__ = ["MoleculeWalkers"]

_Whole = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Positions and velocities of everything there is."""


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
        self._left: dict[int, _Whole] = {}

    def walk(
        self, starts: Mapping[int, NDArray[np.floating] | None], steps: int, every: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Simulate each copy from its start, or on from where it is.

        Parameters
        ----------
        starts : mapping of int to ndarray, shape (n_beads, 3), or None
            By the copy's number: the molecule's own start, which was solvated, minimised and relaxed once; a frame that a
            walk returned; or None for one that goes on.
        steps : int
            Integrator steps of each.
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
            When a start is neither, or a copy that is to go on has not begun.
        SimulationDiverged
            When coordinates or energy are no longer finite.
        """
        frames = np.empty((len(starts), steps // every, self._molecule.n_beads, 3), np.float32)
        for (copy, start), own in zip(starts.items(), frames, strict=True):
            self._walk(copy, start, own, every)
        points = self._molecule.coordinates(frames.reshape(-1, *frames.shape[2:]))
        return points.reshape(*frames.shape[:2], -1), frames

    def _walk(
        self, copy: int, start: NDArray[np.floating] | None, frames: NDArray[np.float32], every: int
    ) -> None:
        positions, velocities = self._left[copy] if start is None else self._whole[_key(start)]
        self._dynamics.place(positions)
        self._dynamics.move(velocities)
        ahead = 0
        if start is not None:
            self._dynamics.renew_velocities()
            ahead = 1
        for frame in frames:
            self._dynamics.advance(every - ahead)
            ahead = 0
            frame[:] = self._engine.solute()
            self._whole[_key(frame)] = self._left[copy] = self._now()

    def _now(self) -> _Whole:
        return self._dynamics.positions(), self._dynamics.velocities()


def _key(positions: NDArray[np.floating]) -> bytes:
    return np.asarray(positions, np.float32).tobytes()
