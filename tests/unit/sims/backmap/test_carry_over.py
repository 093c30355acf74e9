from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from sims.backmap.anatomy import Anatomy
from sims.backmap.carry_over import place_residues
from sims.backmap.protocol import BackmapRequest
from sims.backmap.quality import wrong_centres
from sims.structure import Structure


def test_residues_follow_beads_that_move_as_one(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    rotation, shift = Rotation.random(random_state=4).as_matrix(), np.array([3.0, -1.0, 0.2])
    moved = replace(request_, beads=(request_.beads @ rotation.T + shift).astype(np.float32))
    expected = trpcage.positions @ rotation.T + shift
    np.testing.assert_allclose(place_residues(moved, anatomy), expected, atol=2e-5)


def test_residues_stay_whole_and_of_one_hand_on_noisy_beads(
    request_: BackmapRequest, anatomy: Anatomy, trpcage: Structure
) -> None:
    noise = np.random.default_rng(1).normal(scale=0.15, size=request_.beads.shape)
    noisy = replace(request_, beads=(request_.beads + noise).astype(np.float32))
    placed = place_residues(noisy, anatomy)
    inside = anatomy.residue_of[anatomy.bonds[:, 0]] == anatomy.residue_of[anatomy.bonds[:, 1]]
    bonds = anatomy.bonds[inside]
    before, after = (
        np.linalg.norm(np.diff(xyz[bonds], axis=1)[:, 0], axis=1) for xyz in (trpcage.positions, placed)
    )
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert not wrong_centres(anatomy, placed)
