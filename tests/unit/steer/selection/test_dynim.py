"""DynIm's published rule: by hand, and its known failure."""

import numpy as np


def test_by_hand_the_rank_is_the_mean_distance_to_the_ten_nearest_of_twelve(pick):
    selected = [[float(x)] for x in (0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 100, 1000)]
    picks = pick("dynim", [[0.0], [10.0], [-5.0]], selected, 3)
    assert picks.indices.tolist() == [1, 2, 0]
    # From -5: nine times 5, and 25. From 10: ten times 10. From 0: nine times 0, and 20.
    np.testing.assert_allclose(picks.scores, [10.0, 7.0, 2.0])


def test_picks_are_random_until_ten_are_selected(pick):
    candidates = np.arange(100.0)[:, None]
    first = [pick("dynim", candidates, np.zeros((9, 1)), 1, seed=seed) for seed in range(50)]
    assert all(np.isnan(picks.scores).all() for picks in first)
    assert len({int(picks.indices[0]) for picks in first}) > 25
    assert pick("dynim", candidates, np.zeros((10, 1)), 1).indices.tolist() == [99]


def test_a_hundred_picks_at_once_all_fall_into_one_of_twenty_rare_clusters(pick, rare_clusters):
    picks = pick("dynim", rare_clusters.candidates, rare_clusters.selected, 100)
    assert rare_clusters.found(picks) == {7}
    assert len(picks.indices) == 100


def test_asked_one_pick_at_a_time_it_finds_all_twenty(pick, rare_clusters):
    known, found = rare_clusters.selected, set()
    for _ in range(60):
        index = pick("dynim", rare_clusters.candidates, known, 1).indices
        found.update(rare_clusters.cluster[index].tolist())
        known = np.concatenate([known, rare_clusters.candidates[index]])
    assert found == set(range(20))
