"""What every selector promises, whatever its rule."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.config import Selection
from steer.selection import SELECTORS, make_selector
from steer.selection.choose import choose


def points_of(seed: int, n: int, d: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def check_promises(name, candidates, selected, count, groups, cap, seed):
    picks = make_selector(name).select(candidates, selected, count, groups, cap, np.random.default_rng(seed))
    again = make_selector(name).select(candidates, selected, count, groups, cap, np.random.default_rng(seed))
    possible = sum(min(cap, int(size)) for size in np.bincount(groups, minlength=1))
    assert len(picks.indices) == len(picks.scores) == min(count, possible)
    assert len(set(picks.indices.tolist())) == len(picks.indices)
    assert np.bincount(groups[picks.indices], minlength=1).max() <= cap
    np.testing.assert_array_equal(picks.indices, again.indices)
    np.testing.assert_array_equal(picks.scores, again.scores)


@pytest.mark.parametrize("name", SELECTORS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 40),
    m=st.integers(0, 15),
    count=st.integers(0, 12),
    cap=st.integers(1, 4),
)
def test_picks_are_distinct_within_caps_and_reproducible(name, seed, n, m, count, cap):
    groups = np.random.default_rng(seed).integers(0, 4, size=n)
    check_promises(name, points_of(seed, n), points_of(seed + 1, m), count, groups, cap, seed)


@pytest.mark.parametrize("name", SELECTORS)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), m=st.integers(0, 15), count=st.integers(1, 12))
def test_promises_hold_where_frames_coincide(name, seed, n, m, count):
    rng = np.random.default_rng(seed)
    candidates = rng.integers(0, 2, size=(n, 2)).astype(np.float32)
    selected = rng.integers(0, 2, size=(m, 2)).astype(np.float32)
    check_promises(name, candidates, selected, count, np.arange(n), 1, seed)


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
        hits[
            make_selector("random")
            .select(np.zeros((10, 2)), np.empty((0, 2)), 1, np.arange(10), 1, rng)
            .indices
        ] += 1
    chi2 = ((hits - 400) ** 2 / 400).sum()
    assert chi2 < 27.9  # 0.1% of a chi-squared with 9 degrees of freedom


def test_a_share_of_the_picks_is_random():
    candidates = points_of(3, 500)
    names = [
        choice.selector
        for seed in range(200)
        for choice in choose(
            candidates,
            np.empty((0, 2)),
            np.arange(500),
            5,
            selector="farthest_point",
            random_share=0.2,
            cap=1,
            rng=np.random.default_rng(seed),
        )
    ]
    assert len(names) == 1000
    assert 150 < names.count("random") < 250


@settings(deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0, 1), cap=st.integers(1, 3))
def test_no_parent_gives_more_than_its_cap(seed, share, cap):
    candidates = points_of(seed, 60)
    groups = np.random.default_rng(seed).integers(0, 8, size=60)
    chosen = choose(
        candidates,
        np.empty((0, 2)),
        groups,
        8,
        selector="farthest_point",
        random_share=share,
        cap=cap,
        rng=np.random.default_rng(seed),
    )
    indices = [choice.index for choice in chosen]
    assert len(set(indices)) == len(indices)
    assert np.bincount(groups[indices]).max() <= cap


def test_an_unknown_selector_is_named():
    with pytest.raises(ValueError, match=r"'novel'.*farthest_point"):
        make_selector("novel")
