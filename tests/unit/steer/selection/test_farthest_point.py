"""Greedy farthest point: by hand, against the plain definition, and Gonzalez' bound."""

import numpy as np
import pytest


def test_by_hand(pick):
    picks = pick("farthest_point", [[0.0], [1.0], [4.0], [10.0]], [[0.0]], 3)
    assert picks.indices.tolist() == [3, 2, 1]
    np.testing.assert_allclose(picks.scores, [10.0, 4.0, 1.0])


def test_with_nothing_selected_the_first_is_far_from_the_mean_and_repels_the_others(pick):
    picks = pick("farthest_point", [[0.0], [1.0], [2.0], [7.0]], [], 3)
    assert picks.indices.tolist() == [3, 0, 2]
    np.testing.assert_allclose(picks.scores, [4.5, 7.0, 2.0])


def plain_greedy(candidates, selected, count):
    known, picked = list(selected), []
    for _ in range(count):
        distance = np.min([np.linalg.norm(candidates - point, axis=1) for point in known], axis=0)
        distance[picked] = -1
        picked.append(int(np.argmax(distance)))
        known.append(candidates[picked[-1]])
    return picked


@pytest.mark.parametrize(("n", "d", "shift"), [(500, 2, 0.0), (20_000, 9, 0.0), (5_000, 4, 1e4)])
def test_agrees_with_the_plain_definition_in_double_precision(pick, n, d, shift):
    rng = np.random.default_rng(n)
    candidates, selected = shift + rng.normal(size=(n, d)), shift + rng.normal(size=(5, d))
    picks = pick("farthest_point", candidates, selected, 25)
    assert picks.indices.tolist() == plain_greedy(candidates, selected, 25)


def test_one_batch_finds_every_rare_cluster(pick, rare_clusters):
    picks = pick("farthest_point", rare_clusters.candidates, rare_clusters.selected, 20)
    assert rare_clusters.found(picks) == set(range(20))


def test_covers_within_twice_the_optimum(pick):
    """On a line the best covering radius of five centres is known: a tenth."""
    candidates = np.linspace(0, 1, 401)[:, None]
    picks = pick("farthest_point", candidates, [], 5)
    radius = np.abs(candidates - candidates[picks.indices].T).min(axis=1).max()
    assert radius <= 2 * (1 / 10) + 1e-9
