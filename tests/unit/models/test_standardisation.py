import numpy as np
import pytest

from models.standardisation import Standardisation


def test_features_come_to_mean_zero_and_spread_one() -> None:
    features = np.random.default_rng(0).normal(3, [0.5, 1, 2], (5000, 3)).astype(np.float32)
    scaled = Standardisation.of(features).apply(features)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-4)
    assert features.mean() > 2.9, "the features themselves are left alone"


def test_features_of_one_kind_keep_their_amplitudes() -> None:
    features = np.random.default_rng(0).normal(3, [0.5, 1, 2, 30], (5000, 4)).astype(np.float32)
    spread = Standardisation.of(features, kinds=(3, 0, 1)).apply(features).std(axis=0)
    np.testing.assert_allclose(spread / spread[0], [1, 2, 4, 1 / spread[0]], rtol=0.05)
    np.testing.assert_allclose((spread[:3] ** 2).mean(), 1, rtol=1e-4)


def test_a_feature_that_hardly_moves_is_not_blown_up() -> None:
    features = np.random.default_rng(1).normal(0, [1, 1, 1e-6], (1000, 3)).astype(np.float32)
    assert Standardisation.of(features).apply(features)[:, 2].std() < 1e-3


def test_no_number_goes_beyond_ten_spreads() -> None:
    features = np.random.default_rng(2).normal(size=(100, 2)).astype(np.float32)
    assert np.abs(Standardisation.of(features).apply(features * 1e6)).max() == 10


def test_frames_that_do_not_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="differs"):
        Standardisation.of(np.ones((30, 4), np.float32))


@pytest.mark.parametrize(
    ("mean", "spread", "problem"),
    [
        (np.zeros(2, np.float32), np.ones(3, np.float32), "together"),
        (np.zeros(2), np.ones(2), "float32"),
        (np.zeros(2, np.float32), np.zeros(2, np.float32), "positive"),
        (np.full(2, np.nan, np.float32), np.ones(2, np.float32), "finite"),
    ],
)
def test_impossible_numbers_are_refused(mean: np.ndarray, spread: np.ndarray, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Standardisation(mean, spread)
