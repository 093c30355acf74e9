"""Collective variables: what a scientist would measure on a frame, from its beads, in plain numpy.

Each is a function of frames, shape (n, n_beads, 3), that does not change when a molecule is moved or turned. Molecules
must be whole, as engines yield them. Distances are in nm and angles in degrees, from -180 to 180.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KINDS",
    "Collective",
    "Dihedral",
    "Distance",
    "RadiusOfGyration",
    "Rmsd",
    "deviation",
    "make_collective",
]

KINDS: dict[str, tuple[int, int | None]] = {
    "distance": (2, 2),
    "dihedral": (4, 4),
    "radius_of_gyration": (2, None),
    "rmsd": (3, None),
}
"""Name of each kind, with the fewest and the most beads it takes."""


class Collective(Protocol):
    """One number a frame.

    Attributes
    ----------
    unit : str
        ``nm`` or ``deg``.
    period : float or None
        After which values repeat.
    """

    unit: ClassVar[str]
    period: ClassVar[float | None]

    def __call__(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values, shape (n,), of frames, shape (n, n_beads, 3), in nm."""


@dataclass(frozen=True)
class Distance:
    """Distance of two beads."""

    unit: ClassVar[str] = "nm"
    period: ClassVar[float | None] = None

    first: int
    second: int

    def __call__(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values, shape (n,), of frames, shape (n, n_beads, 3), in nm."""
        beads = np.asarray(frames)[:, [self.first, self.second]].astype(np.float64)
        return _norm(beads[:, 1] - beads[:, 0])


@dataclass(frozen=True)
class Dihedral:
    """Dihedral angle over four beads, by the IUPAC sign: positive when the far bond is turned clockwise.

    Over four successive backbone beads it is the backbone's pseudo-dihedral, near 50 in an alpha helix and beyond
    +-140 in a strand.
    """

    unit: ClassVar[str] = "deg"
    period: ClassVar[float | None] = 360.0

    beads: tuple[int, int, int, int]

    def __call__(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values, shape (n,), of frames, shape (n, n_beads, 3), in nm; 0 where three beads lie on a line."""
        at = np.asarray(frames)[:, list(self.beads)].astype(np.float64)
        before, axis, after = at[:, 1] - at[:, 0], at[:, 2] - at[:, 1], at[:, 3] - at[:, 2]
        left, right = np.cross(before, axis), np.cross(axis, after)
        sine = _norm(axis) * np.einsum("ni,ni->n", before, right)
        return np.degrees(np.arctan2(sine, np.einsum("ni,ni->n", left, right)))


@dataclass(frozen=True)
class RadiusOfGyration:
    """Root of the mean squared distance of beads to their centre; every bead weighs the same."""

    unit: ClassVar[str] = "nm"
    period: ClassVar[float | None] = None

    beads: tuple[int, ...]

    def __call__(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values, shape (n,), of frames, shape (n, n_beads, 3), in nm."""
        centred = _centred(frames, self.beads)
        return np.sqrt(np.einsum("nij,nij->n", centred, centred) / len(self.beads))


@dataclass(frozen=True, eq=False)
class Rmsd:
    """Root of the mean squared deviation from a reference, after the best superposition (never a mirror image).

    Kabsch (Acta Cryst. A 32, 922, 1976).

    Attributes
    ----------
    beads : tuple of int
    reference : ndarray, shape (n_beads, 3)
        nm; all beads of the molecule.
    """

    unit: ClassVar[str] = "nm"
    period: ClassVar[float | None] = None

    beads: tuple[int, ...]
    reference: NDArray[np.floating]

    def __call__(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values, shape (n,), of frames, shape (n, n_beads, 3), in nm."""
        moved = _centred(frames, self.beads)
        fixed = _centred(self.reference[None], self.beads)[0]
        left, stretch, right = np.linalg.svd(np.einsum("nij,ik->njk", moved, fixed))
        stretch[:, 2] *= np.sign(np.linalg.det(left) * np.linalg.det(right))
        spread = np.einsum("nij,nij->n", moved, moved) + np.einsum("ij,ij->", fixed, fixed)
        return np.sqrt(np.maximum(spread - 2 * stretch.sum(axis=1), 0.0) / len(self.beads))


def make_collective(
    kind: str, beads: Sequence[int], n_beads: int, reference: NDArray[np.floating] | None = None
) -> Collective:
    """The collective variable of a kind over these beads.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    beads : sequence of int
        Indices from zero; none for all, where the kind takes any number.
    n_beads : int
        Beads of the molecule.
    reference : ndarray, shape (n_beads, 3), optional
        nm; for ``rmsd``.

    Raises
    ------
    ValueError
        When kind, number of beads, an index or the reference does not fit.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no collective variable {kind!r}; choose one of {', '.join(KINDS)}.")
    fewest, most = KINDS[kind]
    chosen = tuple(beads) or (tuple(range(n_beads)) if most is None else ())
    if len(chosen) < fewest or (most is not None and len(chosen) > most):
        wanted = f"{fewest}" if most else f"at least {fewest}"
        raise ValueError(f"A {kind} takes {wanted} beads, not {len(chosen)}.")
    if len(set(chosen)) != len(chosen) or not all(0 <= bead < n_beads for bead in chosen):
        raise ValueError(
            f"The beads of a {kind} must differ and lie between 0 and {n_beads - 1}: {list(chosen)}."
        )
    if kind == "distance":
        return Distance(chosen[0], chosen[1])
    if kind == "dihedral":
        return Dihedral((chosen[0], chosen[1], chosen[2], chosen[3]))
    if kind == "radius_of_gyration":
        return RadiusOfGyration(chosen)
    if reference is None or np.shape(reference) != (n_beads, 3):
        raise ValueError(f"An rmsd needs a reference of shape ({n_beads}, 3).")
    return Rmsd(chosen, np.asarray(reference, np.float64))


def deviation(values: NDArray[np.floating], target: float, period: float | None) -> NDArray[np.float64]:
    """How far values are from a target, the short way round where they repeat; never negative."""
    away = np.abs(np.asarray(values, np.float64) - target)
    if period is None:
        return away
    away %= period
    return np.minimum(away, period - away)


def _norm(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def _centred(frames: NDArray[np.floating], beads: tuple[int, ...]) -> NDArray[np.float64]:
    chosen = np.asarray(frames)[:, list(beads)].astype(np.float64)
    return chosen - chosen.mean(axis=1, keepdims=True)
