"""What is worked out only as far as it matters must be what working everything out gives."""

import numpy as np
import pytest

from steer.selection import Pool, ask
from steer.selection.farthest_point import FarthestPoint
from steer.selection.reach import BLOCK, Reach, squared_to_nearest


def brute(points, chosen):
    return ((points[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=2).min(axis=1)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_the_nearest_is_found_whichever_side_is_longer(rng):
    few, many = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(400, 3)).astype(np.float32)
    np.testing.assert_allclose(squared_to_nearest(many.T, few), brute(many, few), rtol=1e-5)
    np.testing.assert_allclose(squared_to_nearest(few.T, many), brute(few, many), rtol=1e-5)


def test_distances_do_not_depend_on_what_was_asked_before(rng):
    points, chosen = (
        rng.normal(size=(3000, 4)).astype(np.float32),
        rng.normal(size=(40, 4)).astype(np.float32),
    )
    at_once, by_and_by = Reach(points), Reach(points[:1000])
    at_once.add(chosen)
    for start in range(0, 40, 7):
        by_and_by.add(chosen[start : start + 7])
        by_and_by.beyond(float(rng.uniform(0.1, 9)))
        by_and_by.extend(points[: 1000 + 50 * start])
    by_and_by.extend(points)
    for limit in (4.0, 1.0, 0.1, -1.0):
        for first, second in zip(at_once.beyond(limit), by_and_by.beyond(limit), strict=True):
            assert first.tobytes() == second.tobytes()


def test_everything_beyond_a_limit_is_found_across_blocks(rng):
    points = rng.normal(size=(2 * BLOCK + 10, 2)).astype(np.float32)
    chosen = rng.normal(size=(3, 2)).astype(np.float32)
    reach = Reach(points)
    reach.add(chosen)
    rows, squared = reach.beyond(6.0)
    truth = brute(points, chosen)
    np.testing.assert_array_equal(rows, np.flatnonzero(truth > 6.0))
    np.testing.assert_allclose(squared, truth[rows], rtol=1e-5)


def test_a_guess_is_about_right_and_nothing_is_beyond_all(rng):
    points = rng.normal(size=(100_000, 3)).astype(np.float32)
    reach = Reach(points)
    reach.add(points[:10])
    found = len(reach.beyond(reach.guess(2000))[0])
    assert 1000 < found < 4000
    assert reach.guess(80_000) < 0
    assert len(reach.beyond(np.inf)[0]) == 0


def test_a_fork_leaves_what_it_came_from_alone(rng):
    points = rng.normal(size=(500, 2)).astype(np.float32)
    reach = Reach(points)
    reach.add(points[:1])
    before = reach.beyond(-1.0)[1].copy()
    fork = reach.fork()
    fork.add(points[1:100])
    assert fork.beyond(-1.0)[1].sum() < before.sum()
    np.testing.assert_array_equal(reach.beyond(-1.0)[1], before)
    assert reach.chosen == 1


def test_a_fork_catches_up_with_what_its_source_has_learnt(rng):
    points = rng.normal(size=(2 * BLOCK, 3)).astype(np.float32)
    source = Reach(points)
    source.add(points[:50])
    fork = source.fork()
    fork.add(points[50:60])
    fork.beyond(9.0)
    for limit in (6.0, 3.0, 1.0):
        source.beyond(limit)
        fork.catch_up(source)
        rows, squared = fork.beyond(limit)
        fresh = Reach(points)
        fresh.add(points[:60])
        for found, expected in zip((rows, squared), fresh.beyond(limit), strict=True):
            assert found.tobytes() == expected.tobytes()


def test_what_was_known_is_taken_up_again(rng):
    points = rng.normal(size=(BLOCK + 500, 3)).astype(np.float32)
    before = Reach(points[:-300])
    before.add(points[:40])
    before.beyond(2.0)
    chosen, bounds, applied = before.known
    unknown = (np.full(300, np.inf, np.float32), np.zeros(300, np.int32))
    after = Reach.recalled(points, chosen, *map(np.concatenate, zip((bounds, applied), unknown, strict=True)))
    after.add(points[40:50])
    fresh = Reach(points)
    fresh.add(points[:50])
    for limit in (4.0, 1.0, -1.0):
        for found, expected in zip(after.beyond(limit), fresh.beyond(limit), strict=True):
            assert found.tobytes() == expected.tobytes()
    assert after.pairs < fresh.pairs


def test_a_chosen_point_that_is_no_number_is_near_nothing(rng):
    points = rng.normal(size=(50, 2)).astype(np.float32)
    reach = Reach(points)
    reach.add(points[:1])
    before = reach.beyond(-1.0)[1].copy()
    reach.add(np.array([[np.nan, 0.0]]))
    np.testing.assert_array_equal(reach.beyond(-1.0)[1], before)


@pytest.mark.parametrize("clusters", [0, 6])
def test_the_picks_are_those_of_looking_at_everything_each_time(rng, clusters):
    points = rng.normal(size=(6000, 4))
    for number in range(clusters):
        points[number * 50 : (number + 1) * 50] = rng.normal(size=4) * 9 + 0.05 * points[:50]
    points = points.astype(np.float32)
    selected = rng.normal(size=(12, 4)).astype(np.float32)
    near, expected = brute(points, selected), []
    for _ in range(60):
        expected.append(int(np.argmax(near)))
        near = np.minimum(near, brute(points, points[expected[-1:]]))
    pool = Pool(points, selected, np.arange(6000), np.full(6000, 5))
    assert ask(FarthestPoint(), pool, 60, rng).indices.tolist() == expected


def test_what_is_known_already_changes_no_pick(rng):
    points = rng.normal(size=(6000, 4)).astype(np.float32)
    selected = rng.normal(size=(30, 4)).astype(np.float32)
    known = Reach(points)
    known.add(selected[:20])
    plain = Pool(points, selected, np.arange(6000) // 40, np.full(6000, 2))
    informed = Pool(points, selected, np.arange(6000) // 40, np.full(6000, 2), reach=known)
    for _ in range(2):
        first, second = (ask(FarthestPoint(), pool, 50, rng) for pool in (plain, informed))
        np.testing.assert_array_equal(first.indices, second.indices)
        np.testing.assert_array_equal(first.scores, second.scores)
    assert known.chosen == 20


def test_when_few_may_be_picked_all_of_them_are_found(rng):
    points = rng.normal(size=(5000, 3)).astype(np.float32)
    room = np.zeros(5000, int)
    room[::500] = 1
    picks = ask(FarthestPoint(), Pool(points, points[:1], np.arange(5000), room), 50, rng)
    assert sorted(picks.indices.tolist()) == list(range(0, 5000, 500))
