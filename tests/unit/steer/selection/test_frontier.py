"""The frontier must give what looking at every candidate each time gives, however often it is redrawn."""

import numpy as np
import pytest

from steer.selection.distances import PointCloud
from steer.selection.frontier import CLOSED, SMALLEST, Frontier


@pytest.mark.parametrize("d", [1, 4])
def test_agrees_with_looking_at_all_over_many_redraws(d):
    rng = np.random.default_rng(d)
    points = rng.normal(size=(3 * SMALLEST, d)) * rng.choice([0.1, 1.0, 10.0], size=(3 * SMALLEST, 1))
    cloud = PointCloud(points)
    plain = cloud.squared_to(points[0])
    frontier = Frontier(cloud, plain.copy())
    for _ in range(150):
        row, squared = frontier.farthest()
        assert squared == pytest.approx(plain.max(), rel=1e-6)
        assert plain[row] == pytest.approx(plain.max(), rel=1e-6)
        frontier.add(points[row])
        frontier.close(np.array([row]))
        np.minimum(plain, cloud.squared_to(points[row]), out=plain)


def test_closed_candidates_never_come_and_the_end_is_told():
    points = np.arange(2.0 * SMALLEST)[:, None]
    cloud = PointCloud(points)
    frontier = Frontier(cloud, cloud.squared_to(points[0]))
    frontier.close(np.arange(10, len(points)))
    frontier.add(points[-1])
    assert frontier.farthest() == (9, pytest.approx(81.0))
    frontier.close(np.arange(10))
    frontier.add(points[9])
    assert frontier.farthest()[1] == CLOSED
