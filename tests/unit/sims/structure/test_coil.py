import numpy as np

from sims.structure.coil import ROOM, grow_coil


def test_distant_residues_keep_their_room():
    coil = grow_coil(["LYS", "TRP", "PRO", "GLY", "GLU", "ILE"] * 5, np.random.default_rng(1))
    assert coil is not None
    for first, residue in enumerate(coil):
        for other in coil[first + 2 :]:
            pairs = np.array(list(residue.values()))[:, None] - np.array(list(other.values()))[None]
            assert np.linalg.norm(pairs, axis=-1).min() >= ROOM


def test_bonds_and_angles_of_the_backbone_are_ideal():
    coil = grow_coil(["ALA"] * 10, np.random.default_rng(2))
    for residue in coil:
        n, ca, c, oxygen = (residue[name] for name in ("N", "CA", "C", "O"))
        np.testing.assert_allclose(
            [np.linalg.norm(n - ca), np.linalg.norm(ca - c), np.linalg.norm(c - oxygen)],
            [1.458, 1.525, 1.231],
        )
        cosine = np.dot(n - ca, c - ca) / (1.458 * 1.525)
        assert abs(np.degrees(np.arccos(cosine)) - 111.0) < 1e-6


def test_giving_up_is_said():
    assert grow_coil(["TRP"] * 50, np.random.default_rng(3), max_draws=20) is None


def test_random_numbers_decide():
    first, again, other = (grow_coil(["ALA"] * 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[4]["C"], again[4]["C"])
    assert not np.allclose(first[4]["C"], other[4]["C"])
