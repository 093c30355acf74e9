"""The control against enumeration, published numbers, and toy campaigns whose selector has no influence."""

from itertools import combinations

import numpy as np
import pytest

from steer.coverage.control import expected_cells, gain_of_steering, unsteered_control
from steer.coverage.resampling import half_samples
from steer.coverage.visits import cell_visits


def toy_campaign(rng: np.random.Generator, *, simulations: int, unsteered: int, spread: float = 1.0):
    """Short walks around independent starts; those of steered simulations lie `spread` times as far out."""
    free = np.arange(simulations) < unsteered
    start = rng.normal(size=(simulations, 2)) * np.where(free, 1.0, spread)[:, None]
    steps = rng.normal(size=(simulations, 40, 2)).cumsum(axis=1) * 0.05
    points = (start[:, None] + steps).reshape(-1, 2)
    return points, np.repeat(np.arange(simulations), 40), free


def gain_of(points, simulation, free, seed=0):
    visits = cell_visits(points, simulation, 0.25)
    halves = half_samples(free.astype(int), 60, seed)
    return gain_of_steering(visits, free, np.bincount(simulation) * 0.1, halves)


def test_rarefaction_is_the_mean_over_all_subsets():
    table = np.random.default_rng(0).random((6, 30)) < 0.3
    for k in (1, 3, 5):
        mean = np.mean([table[list(some)].any(axis=0).sum() for some in combinations(range(6), k)])
        assert expected_cells(table.sum(axis=0), 6, np.array([k]))[0] == pytest.approx(mean)


def test_extrapolation_runs_into_the_estimate_of_chao():
    incidence = np.array([1] * 10 + [2] * 5 + [3] * 20)
    values = expected_cells(incidence, 8, np.array([8.0, 9.0, 1e6]))
    assert values[0] == 35
    assert values[2] == pytest.approx(35 + 7 / 8 * 10**2 / (2 * 5))
    # One more simulation finds a little less than Q1 / n new cells, which the last one found on average.
    assert 0.85 * 10 / 8 < values[1] - 35 < 10 / 8


def test_extrapolation_foretells_what_twice_as_many_simulations_cover():
    errors = []
    for seed in range(10):
        points, simulation, _ = toy_campaign(np.random.default_rng(seed), simulations=40, unsteered=40)
        visits = cell_visits(points, simulation, 0.25)
        half = visits.incidence(np.arange(40) < 20)
        truth = np.count_nonzero(visits.incidence(np.ones(40, bool)))
        errors.append(expected_cells(half, 20, np.array([40]))[0] / truth - 1)
    assert abs(np.mean(errors)) < 0.06


def test_a_campaign_whose_selector_is_random_lies_in_the_controls_band():
    inside, gains = 0, []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        points, simulation, free = toy_campaign(rng, simulations=24, unsteered=10)
        visits = cell_visits(points, simulation, 0.25)
        lengths = np.bincount(simulation) * 0.1
        control = unsteered_control(
            visits, free, lengths, lengths.sum(), half_samples(free.astype(int), 60, 0)
        )
        covered = np.count_nonzero(visits.incidence(np.ones(24, bool)))
        inside += control.cells.low[-1] <= covered <= control.cells.high[-1]
        gains.append(gain_of(points, simulation, free))
    assert inside >= 17
    assert sum(gain.low <= 1 <= gain.high for gain in gains) >= 17
    assert np.mean([gain.ratio for gain in gains]) == pytest.approx(1.0, abs=0.1)


def test_a_campaign_that_reaches_farther_gains():
    gains = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        gains.append(gain_of(*toy_campaign(rng, simulations=60, unsteered=30, spread=6.0)))
    assert all(gain.ratio > 1.1 for gain in gains)
    assert sum(gain.low > 1 for gain in gains) >= 9


def test_no_control_without_two_unsteered_simulations():
    points, simulation, free = toy_campaign(np.random.default_rng(0), simulations=5, unsteered=1)
    assert np.isnan(gain_of(points, simulation, free).ratio)
    visits = cell_visits(points, simulation, 0.25)
    assert unsteered_control(visits, free, np.ones(5), 5.0, np.ones((2, 5), bool)) is None
