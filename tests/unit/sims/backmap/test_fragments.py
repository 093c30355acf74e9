from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sims.backmap.anatomy import Anatomy
from sims.backmap.fragments import complete
from sims.backmap.quality import wrong_centres
from sims.structure import Structure


def test_hydrogens_come_back_where_they_were(anatomy: Anatomy, trpcage: Structure) -> None:
    moved = trpcage.positions @ Rotation.random(random_state=1).as_matrix().T + [1.0, -2.0, 0.5]
    stripped = moved.copy()
    stripped[~anatomy.heavy] = np.nan
    np.testing.assert_allclose(complete(trpcage.positions, stripped, anatomy), moved, atol=1e-8)


def test_hydrogens_on_another_conformation_keep_their_bonds_and_sides(
    anatomy: Anatomy, trpcage: Structure
) -> None:
    noise = np.random.default_rng(2).normal(scale=0.01, size=trpcage.positions.shape)
    stripped = trpcage.positions + noise
    stripped[~anatomy.heavy] = np.nan
    whole = complete(trpcage.positions, stripped, anatomy)
    lengths = np.linalg.norm(np.diff(whole[anatomy.bonds], axis=1)[:, 0], axis=1)
    with_hydrogen = ~anatomy.heavy[anatomy.bonds].all(axis=1)
    assert lengths[with_hydrogen].min() > 0.07
    assert lengths[with_hydrogen].max() < 0.14
    for centre in anatomy.centres:
        outward = whole[centre.centre] - whole[list(centre.neighbours)].mean(axis=0)
        assert (whole[centre.hydrogen] - whole[centre.centre]) @ outward > 0
    assert not wrong_centres(anatomy, whole)


def test_a_whole_missing_side_chain_is_built(anatomy: Anatomy, trpcage: Structure) -> None:
    side = [
        atom.index
        for atom in list(trpcage.topology.residues())[5].atoms()
        if atom.name not in {"N", "H", "CA", "C", "O"}
    ]
    stripped = np.array(trpcage.positions)
    stripped[side] = np.nan
    np.testing.assert_allclose(complete(trpcage.positions, stripped, anatomy), trpcage.positions, atol=1e-8)


def test_a_molecule_without_any_known_atom_is_refused(anatomy: Anatomy, trpcage: Structure) -> None:
    with pytest.raises(ValueError, match="N of ASN 1 of chain A cannot be placed"):
        complete(trpcage.positions, np.full_like(trpcage.positions, np.nan), anatomy)
