from __future__ import annotations

import numpy as np

from sims.backmap.anatomy import Anatomy
from sims.backmap.beads import BeadPlaces
from sims.backmap.protocol import BackmapRequest
from sims.structure import Structure


def test_every_residue_has_one_backbone_bead_first(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    places = BeadPlaces(request_.mapping, anatomy)
    for residue, letter in enumerate(trpcage.sequence):
        beads = places.of_residue(residue)
        assert len(beads) == {"G": 1, "W": 6, "Y": 5, "R": 3, "K": 3}.get(letter, 2)
        assert places.backbone[beads].tolist() == [True] + [False] * (len(beads) - 1)


def test_atoms_and_weights_give_the_mapped_bead(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    places = BeadPlaces(request_.mapping, anatomy)
    for bead in (0, 7, 20):
        atoms, weights = places.atoms(bead)
        np.testing.assert_allclose(weights @ trpcage.positions[atoms], request_.beads[bead], atol=1e-5)
