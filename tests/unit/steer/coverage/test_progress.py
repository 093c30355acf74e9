"""Measures of a campaign against their definitions."""

import numpy as np
import pytest

from steer.coverage.cells import CellCounter
from steer.coverage.progress import measure_progress


@pytest.fixture(scope="module")
def campaign():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(12, 1, 2)) + 0.2 * rng.normal(size=(12, 50, 2))
    return points.reshape(-1, 2), np.repeat(np.arange(12) + 3, 50)


@pytest.fixture(scope="module")
def progress(campaign):
    points, simulation = campaign
    return measure_progress(points, simulation, simulation < 9, 100.0, np.array([0.3, 0.3]), seed=1)


def test_all_measures_end_at_their_definitions(campaign, progress):
    points, simulation = campaign
    counter = CellCounter(0.3)
    counter.add(points)
    assert progress.cells.estimate[-1] == len(counter)
    assert progress.time[-1] == pytest.approx(60.0)
    widths = np.diff(progress.windows)
    assert (progress.discovery.estimate * widths).sum() == pytest.approx(len(counter))
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    distance[simulation[:, None] == simulation[None]] = np.inf
    assert progress.covering_radius.estimate[-1] == pytest.approx(distance.min(axis=1).max())
    assert 0 < progress.evenness.estimate[-1] < 1
    assert (progress.simulations, progress.unsteered) == (12, 6)


def test_bands_hold_their_estimate_and_begin_with_four_simulations(progress):
    for band in (progress.cells, progress.volume, progress.evenness, progress.covering_radius):
        known = np.isfinite(band.low)
        assert known[-1]
        assert not known[0]
        assert (band.low[known] <= band.estimate[known]).all()
        assert (band.estimate[known] <= band.high[known]).all()


def test_the_same_seed_gives_the_same_numbers(campaign, progress):
    points, simulation = campaign
    again = measure_progress(points, simulation, simulation < 9, 100.0, np.array([0.3, 0.3]), seed=1)
    np.testing.assert_array_equal(again.volume.high, progress.volume.high)
    assert again.gain == progress.gain


def test_one_lonely_simulation_has_curves_and_no_bands():
    points = np.random.default_rng(0).normal(size=(20, 3))
    alone = measure_progress(points, np.ones(20, int), np.ones(20, bool), 1.0, np.ones(3))
    assert np.isnan(alone.cells.low).all()
    assert np.isnan(alone.covering_radius.estimate).all()
    assert alone.control is None
