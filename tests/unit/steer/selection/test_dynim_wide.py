"""DynIm's measure over eighty selected points: what that keeps, and what it costs. Its definition: test_dynim_batch.py."""

import numpy as np


def test_a_way_out_is_kept_that_a_dozen_starts_did_not_get_past(pick):
    # A hundred starts at home, twelve on the way out at 10; what lies at 5 was never started from.
    selected = [[0.0]] * 100 + [[10.0]] * 12
    candidates = [[5.0], [10.0]]
    assert pick("dynim_batch", candidates, selected, 1).indices.tolist() == [0]
    picks = pick("dynim_wide", candidates, selected, 1)
    assert picks.indices.tolist() == [1]
    np.testing.assert_allclose(picks.scores, [10.0 * 68 / 80])


def test_it_is_given_up_after_some_eighty(pick):
    selected = [[0.0]] * 100 + [[10.0]] * 80
    assert pick("dynim_wide", [[5.0], [10.0]], selected, 1).indices.tolist() == [0]


def test_of_twenty_rare_clusters_a_batch_of_a_hundred_leaves_out_two_and_one_of_140_none(pick, rare_clusters):
    batches = [
        pick("dynim_wide", rare_clusters.candidates, rare_clusters.selected, count) for count in (100, 140)
    ]
    assert [len(rare_clusters.found(picks)) for picks in batches] == [18, 20]
