"""The `System` seam of the benchmark: whatever moves and whose truth is known, be it a landscape or a molecule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.protocols import Featurizer
from steer.beads import BeadMolecule
from steer.benchmark.reference import Reference

__all__ = ["System", "Walkers"]


class Walkers(Protocol):
    """Copies of a system that are let loose from other places again and again."""

    def walk(
        self, starts: Mapping[int, NDArray[np.floating] | None], steps: int, every: int
    ) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
        """Let copies walk, each from a start with velocities drawn anew, or on from where it is.

        Parameters
        ----------
        starts : mapping of int to ndarray, shape (n_beads, 3), or None
            By the copy's number, nm, in single precision: the system's first positions, or beads that a walk has
            returned; None for a copy that goes on.
        steps : int
            Integrator steps of each copy.
        every : int
            Steps between two frames; divides `steps`.

        Returns
        -------
        ndarray, shape (n, steps // every, d)
            Coordinates, in the order of `starts`.
        ndarray, shape (n, steps // every, n_beads, 3)
            Beads in nm.
        """


class System(Protocol):
    """What moves, what is asked of it, and what is true. Immutable, hashable and small: it goes to other processes."""

    @property
    def timestep(self) -> float:
        """ps."""

    @property
    def unit(self) -> str:
        """Of distances between coordinates."""

    @property
    def n_states(self) -> int:
        """States that there are to be found."""

    @property
    def definition(self) -> dict[str, Any]:
        """What identifies it, for the journal."""

    @property
    def beads(self) -> BeadMolecule:
        """The molecule as the coordinator sees it, where an exploration begins."""

    @property
    def features(self) -> Featurizer:
        """What a latent model sees of the beads."""

    def walkers(self, copies: int, seed: int) -> Walkers:
        """So many copies; all randomness comes from the seed."""

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """State at each point (n, d); shape (n,), -1 for none."""

    def reference(self) -> Reference:
        """The truth."""
