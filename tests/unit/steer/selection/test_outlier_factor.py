"""Local outlier factor: by hand, and what tells it from plain density."""

import numpy as np

from steer.selection.reference import REFERENCES


def test_by_hand_with_two_neighbours_in_all(pick):
    # Points 0, 1 and 4; the second neighbour of each lies at 4, 3 and 4. Sums of the reach distances: max(3, 1) + 4 for
    # 0, max(4, 1) + max(4, 3) for 1, 3 + 4 for 4; so the densities are 2/7, 2/8 and 2/7.
    picks = pick("outlier_factor", [[0.0], [1.0], [4.0]], [], 3)
    factor_of_ends = (2 / 8 + 2 / 7) / 2 / (2 / 7)
    np.testing.assert_allclose(picks.scores, [8 / 7, factor_of_ends, factor_of_ends])
    assert picks.indices.tolist() == [1, 0, 2]


def test_it_finds_what_is_odd_for_its_place_where_density_finds_what_is_sparse(pick):
    rng = np.random.default_rng(0)
    sparse, dense = 100 + 10 * rng.normal(size=(200, 2)), 0.1 * rng.normal(size=(200, 2))
    candidates = np.concatenate([sparse, dense, [[2.0, 2.0]]])
    assert pick("outlier_factor", candidates, [], 1).indices.tolist() == [400]
    assert pick("knn_density", candidates, [], 1).indices[0] < 200


def test_rare_frames_are_found_in_a_sample(pick):
    rng = np.random.default_rng(2)
    common = rng.normal(size=(2 * REFERENCES, 3))
    rare = rng.normal(size=(10, 3))
    rare *= 30 / np.linalg.norm(rare, axis=1, keepdims=True)
    picks = pick("outlier_factor", np.concatenate([common, rare]), [], 10)
    assert set(picks.indices.tolist()) == set(range(2 * REFERENCES, 2 * REFERENCES + 10))
