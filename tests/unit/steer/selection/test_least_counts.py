"""Least counts over k-centres cells."""

import numpy as np

from steer.selection.least_counts import cells


def test_cells_by_hand():
    points = np.array([[0.0], [0.1], [5.0], [5.1], [20.0]])
    assert cells(points, 3).tolist() == [1, 1, 2, 2, 0]


def test_coinciding_points_make_no_empty_cells():
    assert sorted(set(cells(np.array([[1.0], [1.0], [3.0]]), 10).tolist())) == [0, 1]


def test_by_hand_the_least_visited_cells_give_one_frame_each(pick):
    candidates = [[0.0]] * 5 + [[10.0]] * 2 + [[20.0]] * 3
    picks = pick("least_counts", candidates, [], 4)
    places = [candidates[i][0] for i in picks.indices]
    assert places == [10.0, 20.0, 0.0, 10.0]
    np.testing.assert_allclose(picks.scores, [1 / 2, 1 / 3, 1 / 5, 1 / 2])


def test_selected_frames_count_as_visits(pick):
    picks = pick("least_counts", [[0.0]] * 5 + [[10.0]] * 2, [[10.0]] * 4, 1)
    assert picks.indices[0] < 5
    np.testing.assert_allclose(picks.scores, [1 / 5])


def test_within_a_cell_every_frame_is_equally_likely(pick):
    hits = np.zeros(4)
    for seed in range(400):
        hits[pick("least_counts", [[0.0]] * 4 + [[9.0]] * 5, [], 1, seed=seed).indices] += 1
    assert ((hits - 100) ** 2 / 100).sum() < 16.3  # 0.1% of a chi-squared with 3 degrees of freedom


def test_one_batch_of_a_hundred_finds_every_rare_cluster_that_was_visited_three_times(pick, rare_clusters):
    kept = np.concatenate([np.arange(3000), *(3000 + 150 * np.arange(20) + member for member in range(3))])
    picks = pick("least_counts", rare_clusters.candidates[kept], rare_clusters.selected, 100)
    assert set(rare_clusters.cluster[kept[picks.indices]].tolist()) >= set(range(20))
