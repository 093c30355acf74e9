"""Free energy of data whose distribution is known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from steer.coverage.free_energy import (
    effective_frames,
    free_energy,
    representative_weights,
    statistical_inefficiency,
    surface_edges,
)
from steer.coverage.resampling import half_samples

EDGES = (np.array([-3.0, 0.0, 3.0]), np.array([-3.0, 3.0]))


def two_states(rng: np.random.Generator, n: int, difference: float) -> np.ndarray:
    """Frames of two wells, the right one `difference` kT above the left one."""
    right = rng.random(n) < 1 / (1 + np.exp(difference))
    return np.stack([np.where(right, 1.5, -1.5), np.zeros(n)], axis=1) + 0.2 * rng.normal(size=(n, 2))


def test_two_boltzmann_states_have_their_difference():
    points = two_states(np.random.default_rng(0), 40_000, 2.0)
    simulation = np.arange(40_000) // 1000
    halves = half_samples(np.zeros(40, int), 200, 0)
    surface = free_energy(points, np.ones(40_000), simulation, EDGES, halves=halves)
    left, right = surface.energy[:, 0]
    assert left == 0.0
    assert right == pytest.approx(2.0, abs=0.04)
    p = 1 / (1 + np.exp(2.0))
    assert surface.error[1, 0] == pytest.approx(np.sqrt((1 - p) / p / 40_000), rel=0.4)


def test_weights_undo_a_known_bias():
    rng = np.random.default_rng(1)
    points = two_states(rng, 40_000, 0.0)
    weights = np.where(points[:, 0] > 0, np.exp(-2.0), 1.0)
    surface = free_energy(points, weights, np.zeros(40_000, int), EDGES)
    assert surface.energy[1, 0] == pytest.approx(2.0, abs=0.04)


def test_a_planted_empty_region_is_masked():
    points = np.random.default_rng(0).random((20_000, 2))
    points = points[~((points > 0.4) & (points < 0.6)).all(axis=1)]
    edges = (np.linspace(0, 1, 11), np.linspace(0, 1, 11))
    surface = free_energy(points, np.ones(len(points)), np.zeros(len(points), int), edges, min_frames=3)
    empty = np.zeros((10, 10), bool)
    empty[4:6, 4:6] = True
    np.testing.assert_array_equal(np.ma.getmaskarray(surface.energy), empty)


def test_the_error_of_what_only_two_simulations_saw_is_unknown():
    points = np.array([[-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    halves = half_samples(np.zeros(4, int), 50, 0)
    surface = free_energy(points, np.ones(6), np.array([0, 0, 1, 1, 2, 3]), EDGES, halves=halves)
    assert np.ma.getmaskarray(surface.error)[:, 0].tolist() == [False, True]
    assert not np.ma.getmaskarray(surface.energy).any()


def test_a_family_is_one_witness_of_a_bin():
    points = np.array([[-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    halves = half_samples(np.zeros(4, int), 50, 0)
    simulation, family = np.array([0, 0, 1, 1, 2, 3]), np.array([0, 1, 2, 1])
    surface = free_energy(points, np.ones(6), simulation, EDGES, halves=halves, family=family)
    assert np.ma.getmaskarray(surface.error)[:, 0].tolist() == [False, True]


def test_independent_frames_count_fully_and_an_autoregressive_series_by_its_correlation():
    noise = np.random.default_rng(0).normal(size=(10, 50_000))
    assert np.mean([statistical_inefficiency(series) for series in noise]) == pytest.approx(1.0, abs=0.05)
    correlated = lfilter([1.0], [1.0, -0.9], noise)
    mean = np.mean([statistical_inefficiency(series) for series in correlated])
    assert mean == pytest.approx((1 + 0.9) / (1 - 0.9), rel=0.1)
    assert statistical_inefficiency(np.ones(10)) == 1.0


def test_effective_size_knows_weights():
    points, simulation = np.zeros((100, 2)), np.arange(100) // 10
    assert effective_frames(points, np.ones(100), simulation) == pytest.approx(100)
    weights = np.where(np.arange(100) < 25, 1.0, 0.0)
    assert effective_frames(points, weights, simulation) == pytest.approx(25)


def test_each_chosen_point_stands_for_those_nearest_to_it():
    chosen = np.array([[0.0, 0.0], [10.0, 0.0]])
    candidates = np.array([[1.0, 0.0], [2.0, 0.0], [-5.0, 0.0], [9.0, 1.0]])
    np.testing.assert_allclose(representative_weights(chosen, candidates), [0.75, 0.25])


def test_edges_hold_all_points():
    points = np.random.default_rng(0).normal(size=(500, 2))
    assert np.histogram2d(*points.T, bins=surface_edges(points, 12))[0].sum() == 500
