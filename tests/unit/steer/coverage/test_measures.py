"""Coverage on arrays whose answer is known."""

import numpy as np
import pytest

from steer.coverage.cells import CELLS_PER_DEVIATION, CellCounter
from steer.coverage.measures import coverage_growth, two_dimensional_view


def test_a_filled_square_has_as_many_cells_as_its_area():
    grid = np.stack(np.meshgrid(np.arange(20), np.arange(30), indexing="ij"), axis=-1).reshape(-1, 2) + 0.5
    counter = CellCounter(1.0)
    counter.add(grid)
    assert len(counter) == 600
    counter.add(np.concatenate([grid, grid]))
    assert len(counter) == 600


def test_cells_follow_the_spread_of_the_reference():
    reference = np.random.default_rng(0).normal(scale=[2.0, 0.5], size=(100_000, 2))
    width = CellCounter.scaled_to(reference).width
    np.testing.assert_allclose(width, np.array([2.0, 0.5]) / CELLS_PER_DEVIATION, rtol=0.02)


def test_growth_counts_each_cell_when_it_is_first_seen():
    points = np.array([[0.1, 0.1], [0.2, 0.1], [5.1, 0.0], [0.1, 0.1], [-5.0, 9.0]])
    reference = np.array([[-4.0, -4.0], [4.0, 4.0]])  # deviation 4, cells of 1
    growth = coverage_growth(points, 100.0, reference)
    assert growth.cells.tolist() == [1, 1, 2, 2, 3]
    np.testing.assert_allclose(growth.time, [0.1, 0.2, 0.3, 0.4, 0.5])


def test_growth_ends_at_what_the_counter_says():
    points = np.random.default_rng(1).normal(size=(3000, 3))
    counter = CellCounter.scaled_to(points)
    counter.add(points)
    assert coverage_growth(points, 1.0, points).cells[-1] == len(counter)


def test_two_dimensions_are_shown_as_they_are():
    points = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_allclose(two_dimensional_view(points)(points), points)


def test_more_dimensions_are_shown_along_their_principal_axes():
    points = np.random.default_rng(0).normal(size=(20_000, 4)) * [0.1, 3.0, 0.2, 2.0]
    view = two_dimensional_view(points)
    np.testing.assert_allclose(np.abs(view.axes) @ np.eye(4)[[1, 3]].T, np.eye(2), atol=0.05)
    assert view.share == pytest.approx(13.0 / 13.05, abs=0.002)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e6], ids=["grid", "numbered", "sparse"])
def test_cells_are_counted_alike_at_once_and_bit_by_bit(scale):
    points = np.random.default_rng(3).normal(scale=scale, size=(3000, 4)).astype(np.float32)
    counter, whole = CellCounter(0.5), CellCounter(0.5)
    for stop in (1, 700, 3000):
        counter.add(points[:stop])
    whole.add(points)
    assert len(counter) == len(whole) == len(np.unique(np.floor(points / 0.5), axis=0))
