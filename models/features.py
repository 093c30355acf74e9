"""Bead positions to numbers that a rigid motion leaves alone and a mirror does not.

A frame becomes two blocks of features:

* **soft proximities** of bead pairs, ``d0 / (d + d0)`` with ``d0`` = 1 nm: near one for beads in touch, and flat for
  far ones, so that the end-to-end distance of an unfolded chain does not drown the contacts;
* **cosine and sine of backbone pseudo-dihedrals** over four successive backbone beads of one chain. The sine changes
  its sign in a mirror: without it a left-handed helix would look like a right-handed one.

Both are smooth, bounded and cheap: one gather and a few vectorised operations over a block of frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.exceptions import FeatureError
from models.protocols import Featurizer

__all__ = ["BeadFeatures", "featurizer_from_definition"]

_BLOCK = 256
_SEPARATIONS = (3, 2, 1)
_TINY = np.float32(1e-12)


@dataclass(frozen=True, eq=False)
class BeadFeatures:
    """Soft proximities of bead pairs, and cosines and sines of backbone pseudo-dihedrals.

    Parameters
    ----------
    n_beads : int
        Beads of a frame.
    pairs : ndarray, shape (n_pairs, 2), int64
        Bead indices whose distance counts.
    dihedrals : ndarray, shape (n_dihedrals, 4), int64
        Bead indices whose dihedral counts.
    soft_distance : float
        nm; the distance at which the proximity has fallen to one half.

    Raises
    ------
    FeatureError
        When there is nothing to compute, or an index lies outside the molecule.
    """

    name: ClassVar[str] = "bead_features"

    n_beads: int
    pairs: NDArray[np.int64]
    dihedrals: NDArray[np.int64]
    soft_distance: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", _indices(self.pairs, 2, self.n_beads))
        object.__setattr__(self, "dihedrals", _indices(self.dihedrals, 4, self.n_beads))
        if not self.n_features:
            raise FeatureError(
                "No pair of beads is followed; a molecule needs at least two residues or side chains."
            )
        if not (np.isfinite(self.soft_distance) and self.soft_distance > 0):
            raise FeatureError(f"soft_distance must be a positive number of nm, not {self.soft_distance!r}.")

    @property
    def n_features(self) -> int:
        """Numbers it makes of a frame: one a pair and two a dihedral."""
        return len(self.pairs) + 2 * len(self.dihedrals)

    @property
    def kinds(self) -> tuple[int, ...]:
        """Proximities, and cosines and sines."""
        return len(self.pairs), 2 * len(self.dihedrals)

    @classmethod
    def for_molecule(
        cls,
        n_beads: int,
        backbone_chains: Sequence[Sequence[int]],
        side_chains: Sequence[int] = (),
        *,
        max_pairs: int = 384,
        max_dihedrals: int = 128,
    ) -> Self:
        """Choose pairs and dihedrals for a molecule of one or more chains.

        Backbone pairs at least three residues apart come first and take three quarters of `max_pairs`; side-chain
        pairs, likewise apart, fill the rest. Where there are more than fit, they are picked evenly over sequence
        separations and over the chain. Dihedrals never reach across the ends of a chain.

        Parameters
        ----------
        n_beads : int
            Beads of a frame.
        backbone_chains : sequence of sequences of int
            Backbone bead indices of each unbroken stretch of chain, in the order of the residues.
        side_chains : sequence of int
            Side-chain bead indices; each belongs to the residue of the last backbone bead before it.
        max_pairs, max_dihedrals : int
            Upper limits, for molecules of many residues.

        Raises
        ------
        FeatureError
            When an index is outside the molecule or named twice, or no pair can be followed.
        """
        backbone = [int(bead) for chain in backbone_chains for bead in chain]
        _check_distinct([*backbone, *side_chains], n_beads)
        residues = _residue_numbers(backbone_chains)
        pairs = _choose_pairs(np.asarray(backbone), residues, np.asarray(sorted(side_chains), int), max_pairs)
        windows = [chain[i : i + 4] for chain in backbone_chains for i in range(len(chain) - 3)]
        dihedrals = np.asarray(windows, np.int64).reshape(-1, 4)
        return cls(int(n_beads), pairs, dihedrals[_evenly(len(dihedrals), max_dihedrals)])

    def transform(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Features of frames.

        Parameters
        ----------
        positions : ndarray, shape (n_frames, n_beads, 3)
            nm, molecules whole.

        Returns
        -------
        ndarray, shape (n_frames, n_features), float32
            Proximities of the pairs, then cosines, then sines of the dihedrals.

        Raises
        ------
        FeatureError
            When the number of beads differs or a coordinate is not finite.
        """
        frames = np.asarray(positions)
        if frames.ndim != 3 or frames.shape[1:] != (self.n_beads, 3):
            raise FeatureError(f"Frames must have the shape (frames, {self.n_beads}, 3), not {frames.shape}.")
        features = np.empty((len(frames), self.n_features), np.float32)
        for first in range(0, len(frames), _BLOCK):
            block = frames[first : first + _BLOCK]
            if not np.isfinite(block).all():
                bad = first + int(np.flatnonzero(~np.isfinite(block).all(axis=(1, 2)))[0])
                raise FeatureError(f"Frame {bad} has a coordinate that is not finite; leave such frames out.")
            features[first : first + _BLOCK] = self._block(block).T
        return features

    def _block(self, block: NDArray[np.floating]) -> NDArray[np.float32]:
        xyz = np.ascontiguousarray((block - block[:, :1]).transpose(2, 1, 0), np.float32)
        n_pairs, n_dihedrals = len(self.pairs), len(self.dihedrals)
        features = np.empty((self.n_features, len(block)), np.float32)
        features[:n_pairs] = _proximities(xyz, self.pairs, np.float32(self.soft_distance))
        cosines, sines = _dihedrals(xyz, self.dihedrals)
        features[n_pairs : n_pairs + n_dihedrals] = cosines
        features[n_pairs + n_dihedrals :] = sines
        return features

    def definition(self) -> dict[str, Any]:
        """Everything needed to rebuild this featurizer, as JSON types, with its ``name``."""
        return {
            "name": self.name,
            "n_beads": self.n_beads,
            "pairs": self.pairs.tolist(),
            "dihedrals": self.dihedrals.tolist(),
            "soft_distance": self.soft_distance,
        }

    @classmethod
    def from_definition(cls, definition: dict[str, Any]) -> Self:
        """Rebuild from `definition`.

        Raises
        ------
        FeatureError
            When it is not a definition of this featurizer.
        """
        expected = {"name", "n_beads", "pairs", "dihedrals", "soft_distance"}
        if set(definition) != expected or definition["name"] != cls.name:
            raise FeatureError(f"This is no definition of {cls.name!r}: it needs exactly {sorted(expected)}.")
        try:
            return cls(
                int(definition["n_beads"]),
                np.asarray(definition["pairs"], np.int64),
                np.asarray(definition["dihedrals"], np.int64),
                float(definition["soft_distance"]),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise FeatureError(f"This definition of {cls.name!r} cannot be used: {error}") from error


_FEATURIZERS: dict[str, type[BeadFeatures]] = {BeadFeatures.name: BeadFeatures}


def featurizer_from_definition(definition: dict[str, Any]) -> Featurizer:
    """Rebuild any featurizer from its definition.

    Raises
    ------
    FeatureError
        When its name is unknown or the definition does not fit it.
    """
    name = definition.get("name")
    if name not in _FEATURIZERS:
        raise FeatureError(f"There is no featurizer called {name!r}; known: {', '.join(_FEATURIZERS)}.")
    return _FEATURIZERS[name].from_definition(definition)


def _indices(values: Any, width: int, n_beads: int) -> NDArray[np.int64]:
    indices = np.array(values, np.int64).reshape(-1, width)
    if indices.size and (indices.min() < 0 or indices.max() >= n_beads):
        raise FeatureError(
            f"Bead indices must lie in 0..{n_beads - 1}; found {indices.min()}..{indices.max()}."
        )
    indices.flags.writeable = False
    return indices


def _check_distinct(beads: Sequence[int], n_beads: int) -> None:
    counts = np.bincount(_indices(beads, 1, n_beads).ravel(), minlength=1)
    if counts.max(initial=0) > 1:
        raise FeatureError(f"Bead {int(np.argmax(counts))} is named more than once.")


def _residue_numbers(backbone_chains: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Numbers of the backbone's residues, with a gap between chains wider than any separation asked for."""
    numbers: list[int] = []
    for chain in backbone_chains:
        start = numbers[-1] + 1 + max(_SEPARATIONS) if numbers else 0
        numbers.extend(range(start, start + len(chain)))
    return np.asarray(numbers, np.int64)


def _choose_pairs(
    backbone: NDArray[np.int64], residues: NDArray[np.int64], side_chains: NDArray[np.int64], limit: int
) -> NDArray[np.int64]:
    side_residues = _owners(backbone, residues, side_chains)
    for separation in _SEPARATIONS:
        along = _separated(backbone, residues, separation)
        across = _separated(side_chains, side_residues, separation)
        if len(along) + len(across):
            break
    n_across = min(len(across), max(limit - len(along), limit // 4))
    chosen = along[_evenly(len(along), limit - n_across)], across[_evenly(len(across), n_across)]
    return np.concatenate(chosen)


def _owners(
    backbone: NDArray[np.int64], residues: NDArray[np.int64], side_chains: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Residue number of each side-chain bead: that of the last backbone bead before it."""
    if not len(backbone):
        return np.arange(len(side_chains)) * max(_SEPARATIONS)
    order = np.argsort(backbone)
    place = np.searchsorted(backbone[order], side_chains, side="right") - 1
    return residues[order][np.maximum(place, 0)]


def _separated(beads: NDArray[np.int64], residues: NDArray[np.int64], separation: int) -> NDArray[np.int64]:
    """Pairs at least `separation` residues apart, sorted by their separation, then along the chain."""
    first, second = np.triu_indices(len(beads), 1)
    apart = np.abs(residues[second] - residues[first])
    kept = np.flatnonzero(apart >= separation)
    kept = kept[np.lexsort((first[kept], apart[kept]))]
    return np.stack([beads[first[kept]], beads[second[kept]]], axis=1).astype(np.int64)


def _evenly(available: int, wanted: int) -> NDArray[np.int64]:
    """Indices of at most `wanted` items, spread evenly over `available`."""
    if available <= wanted:
        return np.arange(available)
    return (np.arange(wanted) * available + available // 2) // max(wanted, 1)


def _proximities(
    xyz: NDArray[np.float32], pairs: NDArray[np.int64], soft_distance: np.float32
) -> NDArray[np.float32]:
    squared = np.zeros((len(pairs), xyz.shape[2]), np.float32)
    for component in xyz:
        difference = component[pairs[:, 0]]
        difference -= component[pairs[:, 1]]
        difference *= difference
        squared += difference
    distance = np.sqrt(squared, out=squared)
    distance += soft_distance
    return np.divide(soft_distance, distance, out=distance)


def _dihedrals(
    xyz: NDArray[np.float32], quartets: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine and sine, after Blondel and Karplus, J. Comput. Chem. 17, 1132 (1996); zero where four beads align."""
    corners = [xyz[:, quartets[:, corner]] for corner in range(4)]
    before, axis, after = (corners[i + 1] - corners[i] for i in range(3))
    normal, next_normal = _cross(before, axis), _cross(axis, after)
    cosine: NDArray[np.float32] = _dot(normal, next_normal)
    sine: NDArray[np.float32] = np.sqrt(_dot(axis, axis)) * _dot(before, next_normal)
    length = np.maximum(np.hypot(cosine, sine), _TINY)
    return np.divide(cosine, length, out=cosine), np.divide(sine, length, out=sine)


def _cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
