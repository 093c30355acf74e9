"""Novelty times what came of simulations that began nearby."""

import numpy as np
import pytest

from steer.selection import frontier
from steer.selection.frontier import retentions


def test_retention_by_hand():
    points = np.array([[0.0], [1.0], [5.0], [7.0], [2.0]])
    parents = np.array([3, 3, 8, 8, 8])
    novelty = np.array([1.0, 4.0, 8.0, 9.0, 2.0])
    places, logs = retentions(points, parents, novelty, np.random.default_rng(0))
    np.testing.assert_array_equal(places, [[0.0], [5.0]])
    np.testing.assert_allclose(np.exp(logs), [4.0, 0.25])


def definition(points, selected, parents, count):
    """The rule as its documentation says it, with all loops."""
    known, picked, scores = list(selected), [], []

    def novelty(point):
        return np.mean(sorted(np.linalg.norm(point - other) for other in known)[:20])

    sims = [np.flatnonzero(parents == parent) for parent in np.unique(parents)]
    firsts = np.array([points[rows[0]] for rows in sims])
    logs = np.array([np.log(novelty(points[rows[-1]]) / novelty(points[rows[0]])) for rows in sims])
    about = []
    for point in points:
        nearest = np.argsort(np.linalg.norm(firsts - point, axis=1))[:10]
        about.append(np.exp(logs[nearest].sum() / (len(nearest) + 1)))
    for _ in range(count):
        score = np.array([novelty(p) * a for p, a in zip(points, about, strict=True)])
        score[picked] = -1
        picked.append(int(np.argmax(score)))
        scores.append(score[picked[-1]])
        known.append(points[picked[-1]])
    return picked, scores


@pytest.mark.parametrize(("m", "d"), [(1, 2), (19, 2), (30, 2), (30, 8)])
@pytest.mark.parametrize("together", [4096, 7])
def test_agrees_with_the_plain_definition(pick, monkeypatch, m, d, together):
    monkeypatch.setattr(frontier, "TOGETHER", together)
    rng = np.random.default_rng(m + d)
    points, selected = rng.normal(size=(120, d)), rng.normal(size=(m, d))
    parents = np.repeat(np.arange(30), 4)
    picks = pick("frontier", points, selected, 12, groups=parents, cap=4)
    indices, scores = definition(points, selected, parents, 12)
    assert picks.indices.tolist() == indices
    np.testing.assert_allclose(picks.scores, scores, rtol=1e-4)


def test_of_two_equally_novel_places_that_from_which_simulations_fell_back_comes_last(pick):
    # Two ways out of the origin. On the left simulations end where they began to be novel; on the right, at home.
    stayed = [[-4.0, 0.1], [-5.0, 0.0]]
    fell_back = [[5.0, 0.0], [4.0, 0.1], [0.2, 0.0]]
    points = [*stayed, *fell_back]
    picks = pick("frontier", points, [[0.0, 0.0]], 2, groups=[1, 1, 2, 2, 2], cap=2)
    assert picks.indices.tolist()[0] == 1


def test_one_batch_of_a_hundred_finds_every_rare_cluster(pick, rare_clusters):
    picks = pick("frontier", rare_clusters.candidates, rare_clusters.selected, 100)
    assert rare_clusters.found(picks) == set(range(20))
