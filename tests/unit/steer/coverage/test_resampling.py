"""Bands by resampling simulations."""

import numpy as np

from steer.coverage.resampling import MIN_SIMULATIONS, additive_band, half_samples, ratio_band


def test_every_half_keeps_half_of_each_stratum():
    strata = np.array([0] * 6 + [1] * 5 + [2])
    halves = half_samples(strata, 200, seed=1)
    assert set(halves[:, :6].sum(axis=1)) == {3}
    assert set(halves[:, 6:11].sum(axis=1)) == {2, 3}
    assert halves[:, 11].all()
    np.testing.assert_array_equal(halves, half_samples(strata, 200, seed=1))


def test_the_spread_over_halves_is_the_standard_error_of_a_mean():
    rng = np.random.default_rng(0)
    values = rng.normal(size=40)
    halves = half_samples(np.zeros(40, int), 4000, seed=2)
    means = np.array([[values[half].mean()] for half in halves])
    band = additive_band(np.array([values.mean()]), means, 40)
    standard_error = values.std(ddof=1) / np.sqrt(40)
    np.testing.assert_allclose(band.high - band.estimate, 2.023 * standard_error, rtol=0.05)


def test_a_positive_quantity_keeps_a_positive_interval():
    band = ratio_band(np.array([10.0]), np.array([[1.0], [100.0], [10.0]]), 5)
    assert 0 < band.low[0] < 10 < band.high[0]
    np.testing.assert_allclose(band.low * band.high, 100.0)


def test_few_simulations_give_no_band():
    band = additive_band(np.ones(2), np.ones((5, 2)), np.array([MIN_SIMULATIONS - 1, MIN_SIMULATIONS]))
    assert np.isnan(band.low[0])
    assert band.low[1] == 1.0
