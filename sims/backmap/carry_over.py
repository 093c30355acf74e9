"""Backmapping by carrying a known all-atom conformation over, residue by residue.

The molecule's all-atom topology is known from the start, and so is at least one conformation of it. Each residue's
atoms are taken from there as a rigid piece and laid onto the residue's own beads and the backbone beads beside it;
`sims.backmap.relax` then joins the pieces. Topology, hydrogens, protonation, disulfides and handedness are inherited
and not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sims.backmap.anatomy import Anatomy
from sims.backmap.beads import BeadPlaces, check_beads
from sims.backmap.geometry import rigid_fit
from sims.backmap.protocol import BackmapRequest
from sims.backmap.relax import IsomerTargets, Relaxer, RelaxSettings

__all__ = ["CarryOver", "place_residues"]

_NEIGHBOUR_WEIGHT = 0.4
_JITTER = 0.02
"""nm; enough to part atoms that coincide and to lead another seed elsewhere."""


class CarryOver:
    """The `Backmapper` that carries the reference conformation over.

    Parameters
    ----------
    settings : RelaxSettings, optional
        Strengths of the minimisations.
    """

    name = "carry_over"

    def __init__(self, settings: RelaxSettings | None = None) -> None:
        self._settings = settings

    def backmap(self, request: BackmapRequest) -> NDArray[np.float32]:
        """Atom positions for these beads; see `Backmapper.backmap`. The same seed gives the same answer."""
        check_beads(self.name, request)
        anatomy = Anatomy(request.structure.topology)
        placed = place_residues(request, anatomy)
        jitter = np.random.default_rng(request.seed).normal(scale=_JITTER, size=placed.shape)
        relaxer = Relaxer(self.name, request, anatomy, self._settings)
        softened = relaxer.soft(placed + jitter, IsomerTargets.of(anatomy, request.structure.positions))
        return relaxer.full(softened).astype(np.float32)


def place_residues(request: BackmapRequest, anatomy: Anatomy) -> NDArray[np.float64]:
    """Lay every residue of the reference conformation rigidly onto its beads.

    Parameters
    ----------
    request : BackmapRequest
    anatomy : Anatomy
        Of the request's topology.

    Returns
    -------
    ndarray, shape (n_atoms, 3)
        nm. Each residue is whole; the bonds between residues are not.
    """
    reference = np.asarray(request.structure.positions, dtype=np.float64)
    targets = request.beads.astype(np.float64)
    present = request.mapping.apply(reference[None])[0].astype(np.float64)
    placed = np.empty_like(reference)
    for residue, beads, weights in _supports(BeadPlaces(request.mapping, anatomy), anatomy):
        rotation, translation = rigid_fit(present[beads], targets[beads], weights)
        atoms = np.flatnonzero(anatomy.residue_of == residue)
        placed[atoms] = reference[atoms] @ rotation.T + translation
    return placed


def _supports(
    places: BeadPlaces, anatomy: Anatomy
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
    """For each residue the beads it is fitted to, and what each weighs."""
    joined = _peptide_neighbours(anatomy)
    for residue in range(len(anatomy.residue_labels)):
        own = places.of_residue(residue)
        beside = [
            bead
            for other in joined.get(residue, ())
            for bead in places.of_residue(other)
            if places.backbone[bead]
        ]
        beads = np.concatenate([own, np.array(beside, dtype=np.int64)])
        weights = np.concatenate([np.ones(len(own)), np.full(len(beside), _NEIGHBOUR_WEIGHT)])
        yield residue, beads, weights


def _peptide_neighbours(anatomy: Anatomy) -> dict[int, list[int]]:
    joined: dict[int, list[int]] = {}
    for bond in anatomy.peptide_bonds:
        before, after = (int(anatomy.residue_of[atom]) for atom in bond.atoms[1:3])
        joined.setdefault(before, []).append(after)
        joined.setdefault(after, []).append(before)
    return joined
