"""Distances in float32 that are right where float32 scalar products are not."""

import numpy as np
import pytest

from steer.selection.distances import PointCloud


@pytest.mark.parametrize("d", [1, 9, 32])
def test_agrees_with_double_precision_over_several_blocks(d):
    rng = np.random.default_rng(d)
    points = rng.normal(size=(70_000 if d == 1 else 20_000, d))
    point = rng.normal(size=d)
    np.testing.assert_allclose(
        PointCloud(points).squared_to(point), ((points - point) ** 2).sum(axis=1), rtol=1e-5, atol=1e-7
    )


def test_close_points_far_from_the_origin_stay_apart():
    points = 1e5 + np.array([[0.0, 0.0], [1e-3, 0.0], [0.0, 3e-3]])
    np.testing.assert_allclose(PointCloud(points).squared_to(points[0]), [0, 1e-6, 9e-6], rtol=1e-4)


def test_nearest_by_hand():
    cloud = PointCloud(np.array([[0.0], [4.0], [10.0]]))
    others = np.array([[9.0], [1.0]])
    assert cloud.owner(others).tolist() == [1, 1, 0]
    np.testing.assert_allclose(cloud.nearest(others), [1.0, 9.0, 1.0], rtol=1e-6)
    assert np.isinf(cloud.nearest(np.empty((0, 1)))).all()


def test_lowering_says_where_and_leaves_the_rest():
    cloud = PointCloud(np.arange(5.0)[:, None])
    squared = np.full(5, 2.0, dtype=np.float32)
    assert cloud.lower(squared, np.array([1.0])).tolist() == [0, 1, 2]
    assert squared.tolist() == [1, 0, 1, 2, 2]


def test_a_part_measures_as_the_whole():
    points = np.random.default_rng(0).normal(size=(100, 3))
    rows = np.array([3, 50, 99])
    cloud = PointCloud(points)
    np.testing.assert_array_equal(cloud.part(rows).squared_to(points[7]), cloud.squared_to(points[7])[rows])
