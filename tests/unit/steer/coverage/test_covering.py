"""Covering radius and evenness on a uniform square."""

import numpy as np
import pytest

from steer.coverage.covering import covering_radius, evenly_spread, other_distances
from steer.coverage.evenness import evenness


def square(n: int) -> np.ndarray:
    places = (np.arange(n) + 0.5) / n
    return np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1).reshape(-1, 2)


def test_a_square_grid_covers_its_square_to_half_a_diagonal():
    assert covering_radius(square(10), square(200)) == pytest.approx(0.05 * np.sqrt(2), rel=0.05)


def test_a_hole_is_seen_by_the_covering_radius():
    points = square(40)
    hole = np.linalg.norm(points - 0.5, axis=1) < 0.3
    assert covering_radius(points[~hole], square(200)) == pytest.approx(0.3, abs=0.03)


def test_greedy_places_cover_within_twice_the_best():
    points = np.random.default_rng(0).random((3000, 2))
    rows = evenly_spread(points, 49)
    assert len(set(rows)) == 49
    assert covering_radius(points[rows], points) <= 2 * np.sqrt(2) / 14


def test_a_place_is_not_covered_by_the_simulation_that_found_it():
    points = np.array([[0.0, 0.0], [0.1, 0.0], [3.0, 4.0]])
    distance = other_distances(points, np.array([0, 0, 1]), np.array([0, 2]))
    assert np.isinf(distance[0, :2]).all()
    assert distance[0, 2] == 5.0
    assert distance[1, 0] == 5.0


def test_equal_occupancy_is_even_and_one_crowded_cell_is_not():
    assert evenness(np.full(100, 7)) == pytest.approx(1.0)
    assert evenness(np.array([5, 5, 0, 0])) == pytest.approx(1.0)
    assert evenness(np.array([10**9, 1, 1, 1])) < 1e-6
    assert np.isnan(evenness(np.array([5, 0])))


def test_a_uniform_square_is_sampled_evenly():
    points = np.random.default_rng(0).random((50_000, 2))
    cells = np.histogram2d(*points.T, bins=20)[0].astype(int).reshape(-1)
    assert evenness(cells) == pytest.approx(1.0, abs=0.002)
