"""Density by the tenth nearest neighbour."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from steer.selection.reference import REFERENCES


def test_by_hand_the_score_is_the_distance_to_the_tenth_nearest(pick):
    candidates = np.array([[float(x)] for x in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30)])
    picks = pick("knn_density", candidates, [], 3)
    assert picks.indices.tolist() == [11, 0, 10]
    np.testing.assert_allclose(picks.scores, [29.0, 10.0, 10.0])


def test_selected_points_add_to_the_density(pick):
    line = np.arange(20.0)
    candidates = np.concatenate([line, [100.0, -80.0]])[:, None]
    assert pick("knn_density", candidates, [], 1).indices.tolist() == [20]
    assert pick("knn_density", candidates, np.full((10, 1), 100.0), 1).indices.tolist() == [21]


@pytest.mark.parametrize("d", [3, 9])
def test_agrees_with_a_tree_over_all_points(pick, d):
    points = np.random.default_rng(0).normal(size=(1000, d))
    picks = pick("knn_density", points, [], 50)
    distance = cKDTree(points).query(points, k=11)[0][:, -1]
    np.testing.assert_array_equal(picks.indices, np.argsort(-distance)[:50])
    np.testing.assert_allclose(picks.scores, np.sort(distance)[::-1][:50])


def test_rare_frames_are_found_in_a_sample(pick):
    """20 frames away from twice as many as the sample holds: all come first, whether in the sample or not."""
    rng = np.random.default_rng(2)
    common = rng.normal(size=(2 * REFERENCES, 3))
    rare = 20 * rng.normal(size=(20, 3))
    rare *= 30 / np.linalg.norm(rare, axis=1, keepdims=True)
    picks = pick("knn_density", np.concatenate([common, rare]), [], 20)
    assert set(picks.indices.tolist()) == set(range(2 * REFERENCES, 2 * REFERENCES + 20))
