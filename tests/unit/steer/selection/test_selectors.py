"""What every selector promises, whatever its rule."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.config import Selection
from steer.selection import SELECTORS, Pool, ask, make_selector
from steer.selection.choose import choose

FEW_OR_MANY = st.integers(0, 15) | st.integers(80, 100)
"""Selected points: fewer than any rule counts, about as many as most do, and more than any does."""


def points_of(seed: int, n: int, d: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def check_promises(name, pool, count, seed):
    picks = ask(make_selector(name), pool, count, np.random.default_rng(seed))
    again = ask(make_selector(name), pool, count, np.random.default_rng(seed))
    open_ = pool.room > 0
    possible = sum(
        min(
            int(pool.room[open_ & (pool.parents == parent)].max()),
            int((open_ & (pool.parents == parent)).sum()),
        )
        for parent in np.unique(pool.parents[open_])
    )
    assert len(picks.indices) == len(picks.scores) == min(count, possible)
    assert len(set(picks.indices.tolist())) == len(picks.indices)
    assert open_[picks.indices].all()
    taken = np.bincount(pool.parents[picks.indices], minlength=1)
    assert (taken[pool.parents[picks.indices]] <= pool.room[picks.indices]).all()
    np.testing.assert_array_equal(picks.indices, again.indices)
    np.testing.assert_array_equal(picks.scores, again.scores)


def pool_of(candidates, selected, parents, cap, closed=None) -> Pool:
    room = np.full(len(candidates), cap)
    return Pool(candidates, selected, parents, room if closed is None else np.where(closed, 0, room))


@pytest.mark.parametrize("name", SELECTORS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 40),
    m=FEW_OR_MANY,
    count=st.integers(0, 12),
    cap=st.integers(1, 4),
)
def test_picks_are_distinct_open_within_caps_and_reproducible(name, seed, n, m, count, cap):
    rng = np.random.default_rng(seed)
    parents, closed = rng.integers(0, 4, size=n), rng.random(n) < rng.choice([0, 0.5])
    check_promises(
        name, pool_of(points_of(seed, n), points_of(seed + 1, m), parents, cap, closed), count, seed
    )


@pytest.mark.parametrize("name", SELECTORS)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), m=FEW_OR_MANY, count=st.integers(1, 12))
def test_promises_hold_where_frames_coincide(name, seed, n, m, count):
    rng = np.random.default_rng(seed)
    candidates = rng.integers(0, 2, size=(n, 2)).astype(np.float32)
    selected = rng.integers(0, 2, size=(m, 2)).astype(np.float32)
    check_promises(name, pool_of(candidates, selected, np.arange(n), 1), count, seed)


@pytest.mark.parametrize("name", SELECTORS)
def test_a_campaign_file_may_name_it(name):
    assert Selection(selector=name).selector == name


@pytest.mark.parametrize("name", SELECTORS)
def test_it_knows_its_name(name):
    assert make_selector(name).name == name


def test_reading_a_campaign_file_needs_no_scientific_library():
    heavy = "{'scipy', 'sklearn', 'torch', 'openmm'} & set(sys.modules)"
    command = f"import sys, steer.config; sys.exit(', '.join({heavy}) or None)"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_random_is_uniform():
    hits = np.zeros(10)
    rng = np.random.default_rng(0)
    for _ in range(4000):
        pool = pool_of(np.zeros((10, 2)), np.empty((0, 2)), np.arange(10), 1)
        hits[ask(make_selector("random"), pool, 1, rng).indices] += 1
    chi2 = ((hits - 400) ** 2 / 400).sum()
    assert chi2 < 27.9  # 0.1% of a chi-squared with 9 degrees of freedom


def test_random_is_uniform_among_many_of_which_most_are_closed():
    n, hits = 300_000, np.zeros(10)
    rng = np.random.default_rng(0)
    open_ = np.arange(n) % 3 == 0
    pool = pool_of(np.zeros((n, 2), np.float32), np.empty((0, 2)), np.arange(n), 1, ~open_)
    for _ in range(20):
        picks = ask(make_selector("random"), pool, 200, rng).indices
        assert open_[picks].all()
        assert len(set(picks.tolist())) == 200
        hits += np.bincount(picks * 10 // n, minlength=10)
    assert ((hits - 400) ** 2 / 400).sum() < 27.9


def test_random_finds_the_few_open_ones_among_many():
    n = 300_000
    open_ = np.zeros(n, bool)
    open_[::30_000] = True
    pool = pool_of(np.zeros((n, 2), np.float32), np.empty((0, 2)), np.arange(n), 1, ~open_)
    firsts = set()
    for seed in range(30):
        picks = ask(make_selector("random"), pool, 20, np.random.default_rng(seed)).indices
        assert sorted(picks.tolist()) == list(range(0, n, 30_000))
        firsts.add(int(picks[0]))
    assert len(firsts) > 5


def test_a_share_of_the_picks_is_random():
    candidates = points_of(3, 500)
    names = [
        choice.selector
        for seed in range(200)
        for choice in choose(
            pool_of(candidates, np.empty((0, 2)), np.arange(500), 1),
            5,
            selector="farthest_point",
            random_share=0.2,
            rng=np.random.default_rng(seed),
        )
    ]
    assert len(names) == 1000
    assert 150 < names.count("random") < 250


@pytest.mark.parametrize("name", ["farthest_point", "mixture"])
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), share=st.floats(0, 1), cap=st.integers(1, 3))
def test_no_parent_gives_more_than_its_cap(name, seed, share, cap):
    candidates = points_of(seed, 60)
    groups = np.random.default_rng(seed).integers(0, 8, size=60)
    chosen = choose(
        pool_of(candidates, np.empty((0, 2)), groups, cap),
        8,
        selector=name,
        random_share=share,
        rng=np.random.default_rng(seed),
    )
    indices = [choice.index for choice in chosen]
    assert len(set(indices)) == len(indices)
    assert np.bincount(groups[indices]).max() <= cap


def test_an_unknown_selector_is_named():
    with pytest.raises(ValueError, match=r"'novel'.*farthest_point"):
        make_selector("novel")
