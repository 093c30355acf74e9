"""Weights of selected points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.selection.voronoi import voronoi_weights


def test_by_hand():
    candidates = np.array([[0.0], [1.0], [2.0], [9.0], [11.0]])
    assert voronoi_weights(candidates, np.array([[10.0], [1.0], [50.0]])).tolist() == [2.0, 3.0, 0.0]


def test_points_selected_at_one_place_share():
    candidates = np.zeros((10, 2))
    weights = voronoi_weights(candidates, np.array([[1.0, 0.0], [5.0, 5.0], [1.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(weights, [10 / 3, 0, 10 / 3, 10 / 3], atol=1e-5)
    assert weights.sum() == 10


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 300), m=st.integers(1, 40), d=st.integers(1, 4))
def test_they_sum_to_the_number_of_candidates_exactly_in_any_order(seed, n, m, d):
    rng = np.random.default_rng(seed)
    candidates, selected = rng.normal(size=(n, d)), rng.integers(-1, 2, size=(m, d)).astype(float)
    weights = voronoi_weights(candidates, selected)
    assert weights.dtype == np.float64
    assert (weights >= 0).all()
    assert sum(weights.tolist()) == weights[::-1].sum() == n


def test_agrees_with_the_plain_definition():
    rng = np.random.default_rng(5)
    candidates, selected = rng.normal(size=(5000, 6)), rng.normal(size=(30, 6))
    nearest = np.argmin(np.linalg.norm(candidates[:, None] - selected, axis=2), axis=1)
    np.testing.assert_array_equal(voronoi_weights(candidates, selected), np.bincount(nearest, minlength=30))


def test_weighted_statistics_undo_the_preference_for_the_rare():
    """90% of the frames are in state 0; half of the selected points are not."""
    rng = np.random.default_rng(3)
    common, rare = rng.normal(size=(9000, 3)), 20 + rng.normal(size=(1000, 3))
    selected = np.concatenate([common[:25], rare[:25]])
    weights = voronoi_weights(np.concatenate([common, rare]), selected)
    np.testing.assert_allclose(np.average(np.arange(50) < 25, weights=weights), 0.9)


def test_without_a_selected_point_nothing_can_be_represented():
    with pytest.raises(ValueError, match="3 candidates"):
        voronoi_weights(np.zeros((3, 2)), np.empty((0, 2)))
