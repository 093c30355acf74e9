"""Coverage counted from first visits, against areas known from geometry."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from steer.coverage.cells import CellCounter
from steer.coverage.visits import ball_visits, cell_visits


def test_cells_of_any_part_at_any_time_are_those_the_counter_finds():
    rng = np.random.default_rng(0)
    points, simulation = rng.normal(size=(2000, 2)), rng.integers(8, size=2000)
    visits = cell_visits(points, simulation, 0.5)
    keep = np.arange(8) % 3 > 0
    for stop in (1, 700, 2000):
        counter = CellCounter(0.5)
        counter.add(points[:stop][keep[simulation[:stop]]])
        assert visits.covered(np.array([stop]), keep)[0] == len(counter)
    assert np.count_nonzero(visits.incidence(keep)) == visits.covered(np.array([2000]), keep)[0]


def test_two_overlapping_discs_have_their_known_area():
    points = np.array([[0.0, 0.0], [1.0, 0.0]])
    visits = ball_visits(points, np.array([0, 1]), np.array([0, 1]), 1.0, 40_000, seed=3)
    lens = 2 * np.pi / 3 - np.sqrt(3) / 2
    one, both = visits.covered(np.array([1, 2]))
    assert both == pytest.approx(2 * np.pi - lens, rel=0.02)
    assert one == pytest.approx(np.pi, rel=0.02)
    assert visits.covered(np.array([2]), np.array([False, True]))[0] == pytest.approx(np.pi, rel=0.02)


def test_volume_in_three_dimensions_is_that_of_plain_sampling():
    rng = np.random.default_rng(1)
    points = rng.random((500, 3))
    visits = ball_visits(points, np.arange(500) % 5, np.arange(500), 0.1, 4000, seed=0)
    places = rng.uniform(-0.1, 1.1, size=(100_000, 3))
    for keep in (np.ones(5, bool), np.arange(5) < 2):
        inside = cKDTree(points[keep[np.arange(500) % 5]]).query(places)[0] <= 0.1
        assert visits.covered(np.array([500]), keep)[0] == pytest.approx(inside.mean() * 1.2**3, rel=0.04)
