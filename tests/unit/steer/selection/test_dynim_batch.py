"""DynIm's measure with picks that know of each other, over ten selected points and over eighty."""

import numpy as np
import pytest

from steer.selection import Pool, ask, make_selector
from steer.selection.reach import Reach


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


@pytest.mark.parametrize("rule", ["dynim_batch", "dynim_wide"])
@pytest.mark.parametrize("passing", [0, 100])
@pytest.mark.parametrize("kept", [2**24, 3000])
def test_what_was_found_in_earlier_choices_changes_no_pick(rule, passing, kept, monkeypatch):
    """Candidates come and are chosen by turns, as in a campaign, some points being selected for one choice only.

    They lie on a ring, so that all of them are about as far from the middle, where selection began.
    """
    monkeypatch.setattr("steer.selection.mean_bounds.KEPT", kept)
    rng = np.random.default_rng(passing)
    points = ring(rng, 6000)
    parents = np.arange(6000) // 20
    known = (0.01 * rng.normal(size=(600, 2))).astype(np.float32)
    reach = Reach(points[:3000])
    reach.add(known)
    for now in (3000, 3000, 3600, 3600, 6000, 6000):
        reach.extend(points[:now])
        selected = np.concatenate([known, np.tile(ring(rng, 1), (passing, 1))])
        room = np.where(rng.random(now) < 0.9, 2, 0)
        fresh, informed = (
            ask(make_selector(rule), Pool(points[:now], selected, parents[:now], room, reach=learnt), 40, rng)
            for learnt in (None, reach)
        )
        assert informed.indices.tolist() == fresh.indices.tolist()
        np.testing.assert_allclose(informed.scores, fresh.scores, rtol=1e-5)
        assert np.unique(parents[informed.indices], return_counts=True)[1].max() <= 2
        known = np.concatenate([known, points[informed.indices]])
        reach.add(points[informed.indices])


def ring(rng, count):
    angle, radius = rng.uniform(0, 2 * np.pi, count), rng.normal(1, 0.01, count)
    return (radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])).astype(np.float32)


@pytest.mark.parametrize("rule", ["dynim_batch", "dynim_wide"])
def test_all_that_may_be_picked_are_found_when_they_are_few(rule):
    rng = np.random.default_rng(5)
    points, selected = rng.normal(size=(5000, 2)), rng.normal(size=(100, 2))
    room = np.zeros(5000, int)
    room[[3, 4000, 4999]] = 1
    picks = ask(make_selector(rule), Pool(points, selected, np.arange(5000), room), 10, rng)
    assert sorted(picks.indices.tolist()) == [3, 4000, 4999]


@pytest.mark.parametrize("rule", ["dynim_batch", "dynim_wide"])
def test_a_candidate_that_is_nowhere_is_left_out(rule):
    points, selected = np.arange(200.0)[:, None], np.full((90, 1), -1.0)
    points[150] = np.nan
    pool = Pool(points, selected, np.arange(200), np.ones(200, int))
    picks = ask(make_selector(rule), pool, 200, np.random.default_rng(0))
    assert sorted(picks.indices.tolist()) == [row for row in range(200) if row != 150]


def test_candidates_that_are_all_alike_are_picked_in_their_order():
    """Where nothing tells them apart, a bound must not hide the first."""
    points = np.zeros((3000, 2))
    pool = Pool(points, np.zeros((50, 2)), np.arange(3000), np.ones(3000, int))
    assert ask(make_selector("dynim_batch"), pool, 5, np.random.default_rng(0)).indices.tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]
