"""What every selector promises, and what each rule is known to do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.selection import SELECTORS, make_selector
from steer.selection.choose import choose


def points_of(seed: int, n: int, d: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("name", SELECTORS)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 40),
    m=st.integers(0, 5),
    count=st.integers(0, 12),
    cap=st.integers(1, 4),
)
def test_picks_are_distinct_within_caps_and_reproducible(name, seed, n, m, count, cap):
    candidates, selected = points_of(seed, n), points_of(seed + 1, m)
    groups = np.random.default_rng(seed).integers(0, 4, size=n)
    picks = make_selector(name).select(candidates, selected, count, groups, cap, np.random.default_rng(seed))
    again = make_selector(name).select(candidates, selected, count, groups, cap, np.random.default_rng(seed))
    possible = sum(min(cap, int(size)) for size in np.bincount(groups, minlength=1)) if n else 0
    assert len(picks.indices) == min(count, possible)
    assert len(set(picks.indices.tolist())) == len(picks.indices)
    assert all(size <= cap for size in np.bincount(groups[picks.indices], minlength=1)) or not len(
        picks.indices
    )
    np.testing.assert_array_equal(picks.indices, again.indices)


def test_farthest_point_by_hand():
    candidates = np.array([[0.0], [1.0], [4.0], [10.0]])
    picks = make_selector("farthest_point").select(
        candidates, np.array([[0.0]]), 3, np.arange(4), 1, np.random.default_rng(0)
    )
    assert picks.indices.tolist() == [3, 2, 1]
    np.testing.assert_allclose(picks.scores, [10.0, 4.0, 1.0])


def test_farthest_point_finds_every_rare_cluster_in_one_batch():
    """20 rare clusters among 2,000 common points: one batch of 20 must reach all of them."""
    rng = np.random.default_rng(1)
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    centres = 50 * np.column_stack([np.cos(angles), np.sin(angles)])
    rare = (centres[:, None] + 0.1 * rng.normal(size=(20, 5, 2))).reshape(-1, 2)
    candidates = np.concatenate([rng.normal(size=(2000, 2)), rare])
    picks = make_selector("farthest_point").select(
        candidates, np.zeros((1, 2)), 20, np.arange(len(candidates)), 1, np.random.default_rng(0)
    )
    clusters = {(index - 2000) // 5 for index in picks.indices if index >= 2000}
    assert clusters == set(range(20))


def test_farthest_point_covers_within_twice_the_optimum():
    """Gonzalez' bound, on a line where the best covering radius of k centres is known."""
    candidates = np.linspace(0, 1, 401)[:, None]
    picks = make_selector("farthest_point").select(
        candidates, np.empty((0, 1)), 5, np.arange(401), 1, np.random.default_rng(0)
    )
    radius = np.abs(candidates - candidates[picks.indices].T).min(axis=1).max()
    assert radius <= 2 * (1 / 10) + 1e-9


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
