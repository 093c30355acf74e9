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
    owner, squared = cloud.nearest(np.array([[9.0], [1.0]]))
    assert owner.tolist() == [1, 1, 0]
    np.testing.assert_allclose(squared, [1.0, 9.0, 1.0], rtol=1e-6)
    owner, squared = cloud.nearest(np.empty((0, 1)))
    assert owner.tolist() == [-1, -1, -1]
    assert np.isinf(squared).all()
