"""First visits against rates that are known."""

import numpy as np
import pytest

from steer.config.state import NamedState
from steer.coverage.axes import Axis
from steer.coverage.states import in_range, share_visited, waiting


def test_a_range_of_an_angle_may_go_through_the_seam():
    axis = Axis("phi", "deg", np.array([-179.0, -100.0, 0.0, 170.0]), 360.0)
    assert in_range(axis, 150, -150).tolist() == [True, False, False, True]
    assert in_range(axis, -150, 150).tolist() == [False, True, True, False]


def test_censored_waits_give_the_known_rate():
    rng = np.random.default_rng(1)
    time = rng.exponential(5.0, 2000)
    came = time < 4.0
    wait = waiting(np.minimum(time, 4.0), came, np.arange(2000))
    assert wait.mean == pytest.approx(5.0, rel=0.1)
    assert wait.low < 5.0 < wait.high
    assert wait.visited.estimate[-2] == pytest.approx(1 - np.exp(-4 / 5), abs=0.05)
    assert wait.visited.low[-2] < 1 - np.exp(-4 / 5) < wait.visited.high[-2]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        time = rng.exponential(5.0, 30)
        wait = waiting(np.minimum(time, 4.0), time < 4.0, np.arange(30))
        held += wait.low <= 5.0 <= wait.high
    assert held >= 53


def test_visits_of_one_family_are_one_witness():
    time, came = np.full(8, 2.0), np.ones(8, bool)
    apart = waiting(time, came, np.arange(8))
    kin = waiting(time, came, np.zeros(8, int))
    assert apart.mean == kin.mean == 2.0
    assert (apart.families, kin.families) == (8, 1)
    assert kin.high / kin.low > 5 * apart.high / apart.low


def test_where_nobody_came_there_is_a_lower_limit_only():
    wait = waiting(np.full(3, 10.0), np.zeros(3, bool), np.arange(3))
    assert wait.low == pytest.approx(30 / 3.0, rel=0.01)
    assert np.isinf(wait.mean)
    assert np.isinf(wait.high)
    assert np.isnan(wait.visited.high).all()


def test_kaplan_and_meier_on_a_worked_case():
    time, came = np.array([1.0, 2.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True, False])
    shares = share_visited(time, came, np.array([0.0, 1.0, 2.5, 3.0, 4.0, 5.0]))
    np.testing.assert_allclose(shares, [0, 0.2, 0.4, 0.7, 0.7, np.nan])


def test_a_state_without_width_is_refused():
    with pytest.raises(ValueError, match="empty"):
        NamedState(name="s", ranges={"a": (1.0, 1.0)})
