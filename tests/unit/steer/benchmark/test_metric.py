from __future__ import annotations

import numpy as np
import pytest

from steer.benchmark.metric import FLAT, Metric


def test_without_periods_it_is_the_straight_line():
    distance, index = FLAT.nearest(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 0.0]]))
    assert distance.tolist() == [4.0, 1.0]
    assert index.tolist() == [1, 0]


def test_a_coordinate_that_repeats_is_measured_the_shorter_way_round():
    metric = Metric(periods=(360.0, 360.0))
    points = np.array([[170.0, -10.0], [0.0, 179.0]])
    distance, index = metric.nearest(points, np.array([[-170.0, -10.0], [0.0, -177.0], [173.0, -6.0]]))
    assert distance == pytest.approx([20.0, 4.0, 5.0])
    assert index.tolist() == [0, 1, 0]


def test_units_are_put_on_a_par_and_only_the_second_goes_round():
    """1.0 nm counts like 100 degrees: 0.3 nm and 40 degrees are 30 and 40 of 1/100 apart, so 50 together."""
    metric = Metric(scales=(0.01, 1.0), periods=(None, 360.0))
    distance, _ = metric.nearest(np.array([[0.5, 175.0]]), np.array([[0.8, -145.0], [3.5, 175.0]]))
    assert distance == pytest.approx([50.0, 300.0])


@pytest.mark.parametrize("angle", [-1e-17, -0.0, 360.0, -360.0, 720.0])
def test_the_seam_itself_is_no_trap(angle):
    distance, _ = Metric(periods=(360.0,)).nearest(np.array([[0.0]]), np.array([[angle]]))
    assert distance == pytest.approx([0.0])


def test_points_are_not_changed():
    points = np.array([[-10.0, 5.0]])
    Metric(periods=(360.0, None)).nearest(points, points)
    assert points.tolist() == [[-10.0, 5.0]]
