"""DynIm's measure with picks that know of each other, over ten selected points and over eighty."""

import numpy as np
import pytest


def test_by_hand_a_pick_counts_for_the_next(pick):
    candidates = [[-1.0], [10.0], [11.0], [-9.0]]
    picks = pick("dynim_batch", candidates, [[0.0]], 3)
    # 11 from the origin; then (9 + 20) / 2 for -9 against (10 + 1) / 2; then (1 + 12 + 8) / 3 for -1, (10 + 1 + 19) / 3.
    assert picks.indices.tolist() == [2, 3, 1]
    np.testing.assert_allclose(picks.scores, [11.0, 14.5, 10.0])


def plain(candidates, selected, count, neighbours):
    known, picked, scores = list(selected), [], []
    for _ in range(count):
        distance = np.array([np.linalg.norm(candidates - point, axis=1) for point in known])
        mean = np.sort(distance, axis=0)[:neighbours].mean(axis=0)
        mean[picked] = -1
        picked.append(int(np.argmax(mean)))
        scores.append(mean[picked[-1]])
        known.append(candidates[picked[-1]])
    return picked, scores


@pytest.mark.parametrize(("rule", "neighbours"), [("dynim_batch", 10), ("dynim_wide", 80)])
@pytest.mark.parametrize("m", [1, 9, 10, 40, 79, 90])
def test_agrees_with_the_plain_definition(pick, m, rule, neighbours):
    rng = np.random.default_rng(m)
    candidates, selected = rng.normal(size=(2000, 4)), rng.normal(size=(m, 4))
    picks = pick(rule, candidates, selected, 30)
    indices, scores = plain(candidates, selected, 30, neighbours)
    assert picks.indices.tolist() == indices
    np.testing.assert_allclose(picks.scores, scores, rtol=1e-5)


def test_its_first_pick_is_that_of_the_published_rule(pick, rare_clusters):
    first = [
        pick(name, rare_clusters.candidates, rare_clusters.selected, 1) for name in ("dynim", "dynim_batch")
    ]
    assert first[0].indices.tolist() == first[1].indices.tolist()
    np.testing.assert_allclose(first[0].scores, first[1].scores, rtol=1e-6)


def test_one_batch_of_a_hundred_finds_every_rare_cluster(pick, rare_clusters):
    picks = pick("dynim_batch", rare_clusters.candidates, rare_clusters.selected, 100)
    assert rare_clusters.found(picks) == set(range(20))
