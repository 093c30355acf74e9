"""A target narrows what may be picked, and leaves the choice to the rule."""

import numpy as np
import pytest

from steer.selection import SELECTORS, Pool, ask, make_selector
from steer.selection.target import narrowed

POINTS = np.random.default_rng(3).normal(size=(200, 2))


def pool(**changes) -> Pool:
    return Pool(
        **{"points": POINTS, "selected": POINTS[:12], "parents": np.arange(200), "room": np.ones(200, int)}
        | changes
    )


@pytest.mark.parametrize("name", SELECTORS)
def test_every_rule_picks_among_the_share_nearest_to_the_target(name):
    cost = np.abs(POINTS[:, 0] - 1.0)
    picks = ask(make_selector(name), narrowed(pool(), cost, 0.1), 30, np.random.default_rng(0))
    assert sorted(picks.indices.tolist()) == sorted(np.argsort(cost)[:20].tolist())


def test_the_share_is_of_those_that_could_be_picked():
    room = np.zeros(200, int)
    room[100:] = 2
    cost = np.arange(200.0)
    assert np.flatnonzero(narrowed(pool(room=room), cost, 0.25).room).tolist() == list(range(100, 125))


def test_what_could_not_be_measured_comes_last_and_one_is_always_left():
    cost = np.full(200, np.nan)
    cost[7] = 3.0
    assert np.flatnonzero(narrowed(pool(), cost, 1e-9).room).tolist() == [7]


def test_a_share_of_one_asks_for_nothing():
    assert narrowed(pool(), np.arange(200.0), 1.0).room.all()


def test_novelty_is_measured_against_everything():
    """The candidate nearest to the target lies in a crowd that may not be picked: density still sees the crowd."""
    crowd = 0.01 * np.random.default_rng(0).normal(size=(100, 2))
    points = np.concatenate([crowd, [[0.0, 0.0], [3.0, 0.0]]])
    whole = Pool(points, np.empty((0, 2)), np.arange(102), np.ones(102, int))
    cost = np.concatenate([np.full(100, 9.0), [0.0, 1.0]])
    for name in ("knn_density", "outlier_factor", "least_counts"):
        picks = ask(make_selector(name), narrowed(whole, cost, 2 / 102), 1, np.random.default_rng(0))
        assert picks.indices.tolist() == [101], name
