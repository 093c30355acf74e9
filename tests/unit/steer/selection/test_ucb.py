"""Novelty times the upper confidence bound of the parent."""

import numpy as np
import pytest

from steer.selection import Yields
from steer.selection.ucb import bounds

LINE = np.array([[0.0], [1.0], [4.0], [10.0]])


def test_by_hand():
    gains, tries = np.array([4.0, 1.0]), np.array([2.0, 1.0])
    doubt = np.sqrt(2 * np.log(3) / tries)
    np.testing.assert_allclose(bounds(gains, tries), np.array([1.0, 0.5]) + doubt)


def test_where_every_parent_yielded_the_same_it_picks_as_farthest_point(pick):
    points = np.random.default_rng(0).normal(size=(300, 3))
    ucb = pick("ucb", points, points[:2], 1)
    assert ucb.indices.tolist() == pick("farthest_point", points, points[:2], 1).indices.tolist()


def test_of_two_equally_novel_frames_that_of_the_parent_that_yielded_more_comes_first(pick):
    yields = Yields(np.array([3, 3]), np.array([5.0, 6.0]))
    picks = pick("ucb", [[-9.0], [9.0]], [[0.0]], 2, yields=yields)
    assert picks.indices.tolist() == [1, 0]


def test_a_far_dead_end_is_left_for_what_yields_and_tried_again_later(pick):
    dead = Yields(np.array([10, 10]), np.array([0.0, 40.0]))
    assert pick("ucb", [[12.0], [-10.0]], [[0.0]], 1, yields=dead).indices.tolist() == [1]
    worn = Yields(np.array([10, 5000]), np.array([0.0, 40.0]))
    assert pick("ucb", [[12.0], [-10.0]], [[0.0]], 1, yields=worn).indices.tolist() == [0]


def test_picks_of_one_batch_count_as_starts_of_their_parent(pick):
    points = [[10.0], [11.0], [12.0], [-6.0]]
    picks = pick("ucb", points, [[0.0]], 2, groups=[0, 0, 0, 1], cap=3)
    assert picks.indices.tolist() == [2, 3]


def test_a_parent_that_the_record_does_not_know_has_yielded_nothing(pick):
    known = pick("ucb", LINE, [[0.0]], 3, yields=Yields(np.zeros(4, int), np.zeros(4)))
    unknown = pick("ucb", LINE, [[0.0]], 3)
    np.testing.assert_array_equal(known.indices, unknown.indices)


@pytest.mark.parametrize("count", [1, 20])
def test_one_batch_finds_as_many_rare_clusters_as_it_has_picks(pick, rare_clusters, count):
    picks = pick("ucb", rare_clusters.candidates, rare_clusters.selected, count)
    assert len(rare_clusters.found(picks)) == count
