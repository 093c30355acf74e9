"""Laying one conformation over another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Superposition", "superposition"]


class Superposition(NamedTuple):
    """A rotation about the moving centre, then a shift to the fixed one.

    Attributes
    ----------
    rotation : ndarray, shape (3, 3)
        Acts from the right on row vectors; never a reflection.
    centre, target : ndarray, shape (3,)
        nm.
    """

    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    target: NDArray[np.float64]

    def __call__(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Moved positions, shape (n, 3)."""
        return (np.asarray(positions, np.float64) - self.centre) @ self.rotation + self.target


def superposition(moving: NDArray[np.floating], fixed: NDArray[np.floating]) -> Superposition:
    """How to move points so that their mean squared distance to others is least.

    Kabsch (Acta Cryst. A 32, 922, 1976).

    Parameters
    ----------
    moving, fixed : ndarray, shape (n, 3)
        Point by point, in the same order.
    """
    centre, target = (np.asarray(points, np.float64).mean(axis=0) for points in (moving, fixed))
    left, _, right = np.linalg.svd((moving - centre).T @ (fixed - target))
    handedness = np.sign(np.linalg.det(left @ right))
    return Superposition(left @ np.diag([1.0, 1.0, handedness]) @ right, centre, target)
