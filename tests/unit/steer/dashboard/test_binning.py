import numpy as np
import pytest

from steer.dashboard import binning
from steer.dashboard.binning import Window, bin_points

UNIT = Window(0.0, 1.0, 0.0, 1.0)


def points(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.random.default_rng(seed).uniform(-0.5, 1.5, (2, count)).astype(np.float32)
    return x, y


def test_every_point_in_the_window_is_counted_in_its_own_bin(monkeypatch) -> None:
    monkeypatch.setattr(binning, "AT_ONCE", 100)
    x, y = points(1003)
    counts = bin_points(x, y, UNIT, 7, 5).counts
    expected = np.histogram2d(y.astype(float), x.astype(float), bins=(5, 7), range=((0, 1), (0, 1)))[0]
    np.testing.assert_array_equal(counts, expected)


def test_points_on_the_left_and_lower_edges_are_inside_and_on_the_others_outside() -> None:
    edges = np.array([0.0, 1.0, 0.5, 0.5], np.float32)
    counts = bin_points(edges, edges[[2, 2, 0, 1]], UNIT, 2, 2).counts
    np.testing.assert_array_equal(counts, [[0, 1], [1, 0]])


def test_means_are_over_the_points_of_a_bin_and_nan_where_there_are_none() -> None:
    x = np.array([0.1, 0.2, 0.9], np.float32)
    y = np.array([0.1, 0.1, 0.9], np.float32)
    means = bin_points(x, y, UNIT, 2, 2, values=np.array([1.0, 3.0, 7.0])).means
    np.testing.assert_array_equal(means, [[2.0, np.nan], [np.nan, 7.0]])


def test_points_that_are_not_kept_or_have_no_value_do_not_count() -> None:
    x = y = np.full(4, 0.5, np.float32)
    values = np.array([1.0, np.nan, 5.0, 9.0])
    keep = np.array([True, True, True, False])
    binned = bin_points(x, y, UNIT, 1, 1, keep, values)
    assert binned.counts.item() == 2
    assert binned.means is not None
    assert binned.means.item() == 3.0


def test_points_with_coordinates_that_are_not_finite_are_nowhere() -> None:
    x = np.array([np.nan, np.inf, 0.5], np.float32)
    y = np.array([0.5, 0.5, np.nan], np.float32)
    assert bin_points(x, y, UNIT, 3, 3).counts.sum() == 0


@pytest.mark.parametrize("window", [(0, 0, 0, 1), (0, 1, 1, 0), (0, np.nan, 0, 1), (0, np.inf, 0, 1)])
def test_a_window_without_an_area_is_not_usable(window: tuple[float, ...]) -> None:
    assert not Window(*window).usable
