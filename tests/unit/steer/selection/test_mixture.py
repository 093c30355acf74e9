"""Several rules with shares."""

from collections import Counter

import numpy as np
import pytest

from steer.selection import Pool, ask, make_selector
from steer.selection.choose import choose

POINTS = np.random.default_rng(0).normal(size=(400, 2))


def pool(cap=1) -> Pool:
    return Pool(POINTS, np.empty((0, 2)), np.arange(400), np.full(400, cap))


def test_each_rule_gets_its_share_of_the_picks_and_signs_them():
    shares = {"random": 3.0, "farthest_point": 1.0}
    signed = Counter(
        choice.selector
        for seed in range(100)
        for choice in choose(
            pool(), 4, selector="mixture", random_share=0.0, shares=shares, rng=np.random.default_rng(seed)
        )
    )
    assert signed.total() == 400
    assert signed.keys() == shares.keys()
    assert 60 < signed["farthest_point"] < 140  # 100 expected, four standard deviations


def test_of_one_rule_it_is_that_rule():
    mixed = ask(make_selector("mixture", {"farthest_point": 2.0}), pool(), 10, np.random.default_rng(1))
    alone = ask(make_selector("farthest_point"), pool(), 10, np.random.default_rng(2))
    np.testing.assert_array_equal(mixed.indices, alone.indices)


def test_a_rule_knows_what_those_before_it_picked():
    mixed = make_selector("mixture", {"farthest_point": 1.0, "dynim_batch": 1.0})
    picks = ask(mixed, pool(), 40, np.random.default_rng(1))
    assert len(set(picks.indices.tolist())) == 40
    first = picks.rules.index("dynim_batch")
    known = pool().after(type(picks)(picks.indices[:first], picks.scores[:first]))
    again = ask(make_selector("dynim_batch"), known, 40 - first, np.random.default_rng(1))
    np.testing.assert_array_equal(again.indices, picks.indices[first:])


def test_without_shares_it_mixes_three_rules_evenly():
    picks = ask(make_selector("mixture"), pool(), 200, np.random.default_rng(0))
    assert set(picks.rules) == {"farthest_point", "ucb", "least_counts"}


@pytest.mark.parametrize("shares", [{"ucb": -1.0}, {"ucb": 0.0}])
def test_shares_that_make_no_sense_are_refused(shares):
    with pytest.raises(ValueError, match="shares"):
        make_selector("mixture", shares)
