"""Turning a new latent space onto the old one, so that plots of successive versions do not jump.

A latent space is only defined up to a rotation, a reflection and a shift: a retrained model sees the same molecule and
may draw it upside down. The best orthogonal map over the same frames (Schönemann, Psychometrika 31, 1 (1966),
doi:10.1007/BF02289451) is absorbed in the new model. Nothing is stretched: distances within a version stay its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RigidMap", "agreement", "principal_axes", "procrustes"]


@dataclass(frozen=True, eq=False)
class RigidMap:
    """``points @ rotation + shift`` with an orthogonal `rotation` (reflections included).

    Attributes
    ----------
    rotation : ndarray, shape (d, d), float64
    shift : ndarray, shape (d,), float64
    """

    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """The points, shape (n, d), moved."""
        return np.asarray(points, np.float64) @ self.rotation + self.shift

    def inverse(self) -> RigidMap:
        """The map that undoes this one."""
        return RigidMap(self.rotation.T.copy(), -self.shift @ self.rotation.T)


def procrustes(points: NDArray[np.floating], target: NDArray[np.floating]) -> RigidMap:
    """The rigid map that brings `points` closest to `target` in the sense of least squares.

    Parameters
    ----------
    points, target : ndarray, shape (n, d)
        The same frames in two latent spaces.

    Raises
    ------
    ValueError
        When the shapes differ, there is no point, or a number is not finite.
    """
    moving, fixed = np.asarray(points, np.float64), np.asarray(target, np.float64)
    if moving.shape != fixed.shape or moving.ndim != 2 or not len(moving):
        raise ValueError(f"Points of the shapes {moving.shape} and {fixed.shape} cannot be aligned.")
    if not (np.isfinite(moving).all() and np.isfinite(fixed).all()):
        raise ValueError("Points that are not finite cannot be aligned.")
    centre, goal = moving.mean(axis=0), fixed.mean(axis=0)
    left, _, right = np.linalg.svd((moving - centre).T @ (fixed - goal))
    rotation = left @ right
    return RigidMap(rotation, goal - centre @ rotation)


def principal_axes(points: NDArray[np.floating]) -> RigidMap:
    """The rigid map that centres points, shape (n, d), and lays their widest spread along the first axis.

    The sign of each axis makes the third moment along it positive, so that it does not depend on the solver.
    """
    cloud = np.asarray(points, np.float64)
    centre = cloud.mean(axis=0)
    spread = (cloud - centre).T @ (cloud - centre)
    axes = np.linalg.eigh(spread)[1][:, ::-1]
    skew = (((cloud - centre) @ axes) ** 3).sum(axis=0)
    axes = axes * np.where(skew < 0, -1.0, 1.0)
    return RigidMap(axes, -centre @ axes)


def agreement(points: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    """How much of `target`'s spread about its mean the `points` account for: 1 when equal, 0 or less when unrelated."""
    fixed = np.asarray(target, np.float64)
    spread = float(((fixed - fixed.mean(axis=0)) ** 2).sum())
    missed = float(((np.asarray(points, np.float64) - fixed) ** 2).sum())
    return 1.0 - missed / spread if spread > 0 else float(missed == 0)
