"""Identities: one key each, known once added."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.identities import NUMBERS, STEPS, IdentityIndex, Runs, identity_keys, owners


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 5)), max_size=8), max_size=8
    )
)
def test_identities_are_known_once_added(batches):
    index, known = IdentityIndex(Runs.none()), set()
    for batch in batches:
        columns = np.array(batch, np.int64).reshape(-1, 3).T
        keys = identity_keys(*columns)
        fresh = index.fresh(keys)
        new = [identity for identity, is_new in zip(batch, fresh, strict=True) if is_new]
        assert len(set(new)) == len(new)
        assert set(new) == set(batch) - known
        index.add(keys[fresh])
        known |= set(batch)


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 1), st.sampled_from([0, 1, 2, 3000]), st.integers(0, 30)),
            max_size=12,
        ),
        max_size=8,
    ),
    st.sets(st.tuples(st.integers(0, 1), st.sampled_from([0, 3000]), st.integers(0, 30)), max_size=5),
)
def test_the_index_counts_what_each_simulation_gave(batches, gone):
    index, known = IdentityIndex(Runs.none()), set()
    for batch in batches:
        keys = identity_keys(*np.array(batch, np.int64).reshape(-1, 3).T)
        index.add(keys[index.fresh(keys)])
        known |= set(batch)
    index.discard(identity_keys(*np.array([*gone], np.int64).reshape(-1, 3).T))
    known -= gone
    counts = Counter((level, number) for level, number, _ in known)
    assert index.counts() == counts
    assert len(index) == len(known)
    keys = identity_keys(*np.array([*known], np.int64).reshape(-1, 3).T)
    assert index.known(keys).all()


@pytest.mark.parametrize("every", [1, 3])
def test_many_simulations_that_give_a_frame_in_turn_take_one_run_each(every):
    index, simulations, rounds = IdentityIndex(Runs.none()), 5_000, 60
    for step in range(rounds):
        index.add(identity_keys(0, np.arange(simulations), step * every))
    assert len(index) == simulations * rounds
    assert len(Runs.joined([index._merged()]).first) == simulations


def test_shards_in_which_many_simulations_have_few_frames_join_to_one_run_each():
    simulations = np.arange(400)
    for few in (1, 2, 3):
        shards = [
            Runs.of(
                np.sort(
                    identity_keys(0, np.repeat(simulations, few), np.tile(range(start, start + few), 400))
                )
            )
            for start in range(0, 30, few)
        ]
        assert len(Runs.joined(shards).first) == len(simulations)


def test_simulations_a_million_apart_are_not_taken_for_each_other():
    index = IdentityIndex(Runs.none())
    for step in (10, 20, 30):
        index.add(identity_keys(0, [1, 1 + 2**20, 1 + 2**21], step))
    assert index.counts() == {(0, n): 3 for n in (1, 1 + 2**20, 1 + 2**21)}
    assert not index.known(identity_keys(0, [1 + 2**20], 40))[0]


def test_a_run_never_goes_from_one_simulation_to_the_next():
    keys = identity_keys([0] * 4, [1, 2, 3, 4], [7] * 4)
    assert IdentityIndex(Runs.of(keys)).counts() == {(0, n): 1 for n in (1, 2, 3, 4)}
    crossing = Runs(keys[:1], keys[-1:], keys[1:2] - keys[:1])
    assert IdentityIndex(Runs.joined([crossing])).counts() == {(0, n): 1 for n in (1, 2, 3, 4)}


def test_identities_stay_apart_at_their_limits():
    columns = [
        [0, 1, 0, 1, 0, 0],
        [NUMBERS - 1, NUMBERS - 1, 0, 0, 1, 2**20],
        [0, STEPS - 1, STEPS - 1, 0, 0, 0],
    ]
    assert len(set(identity_keys(*columns).tolist())) == 6
    assert [array.tolist() for array in owners(identity_keys(*columns))] == columns[:2]


def test_identities_of_stores_from_before_stay_apart():
    columns = [[0, 1, 0, 1, 0], [999_999, 999_999, 0, 0, 1], [0, 2**43 - 1, 2**43 - 1, 0, 0]]
    keys = identity_keys(*columns)
    assert len(set(keys.tolist())) == 5


def test_the_index_keeps_its_keys_when_the_recent_ones_are_merged():
    rng = np.random.default_rng(4)
    keys = rng.permutation(np.arange(200_000, dtype=np.uint64))
    index = IdentityIndex(Runs.of(np.sort(keys[:1000])))
    for start in range(1000, 200_000, 7000):
        batch = keys[start : start + 7000]
        assert index.fresh(batch).all()
        index.add(batch)
    assert index.known(keys).all()
    assert not index.known(keys + np.uint64(200_000)).any()


def keys_of(runs):
    return [key for a, b, c in zip(*map(np.ndarray.tolist, (runs.first, runs.last, runs.stride)), strict=True)
            for key in range(a, b + 1, c)]  # fmt: skip


def assert_is(runs, keys):
    assert sorted(keys_of(runs)) == sorted(keys)
    assert (runs.last[:-1] < runs.first[1:]).all(), "runs overlap"
    asked = np.arange(max(keys, default=0) + 3, dtype=np.uint64)
    assert set(asked[runs.find(asked)[0]].tolist()) == set(keys)


@given(
    st.lists(st.sets(st.integers(0, 60), max_size=20), min_size=1, max_size=4), st.sets(st.integers(0, 60))
)
def test_runs_hold_their_keys_whatever_is_joined_and_taken_out(sets, gone):
    apart = [part - set().union(*sets[:i]) for i, part in enumerate(sets)]
    joined = Runs.joined([Runs.of(np.array(sorted(part), np.uint64)) for part in apart])
    everything = set().union(*apart)
    assert_is(joined, everything)
    assert_is(joined.without(np.array(sorted(gone), np.uint64)), everything - gone)


@pytest.mark.parametrize("stride", [1, 50, 2**30])
def test_a_simulation_at_even_steps_is_one_run(stride):
    runs = Runs.of(np.arange(7, 7 + 1000 * stride, stride, dtype=np.uint64))
    assert (runs.first.tolist(), runs.last.tolist(), runs.stride.tolist()) == (
        [7],
        [7 + 999 * stride],
        [stride],
    )


def test_a_frame_forgotten_is_new_again():
    index = IdentityIndex(Runs.of(np.arange(0, 1000, 10, dtype=np.uint64)))
    index.add(np.array([1005], np.uint64))
    index.discard(np.array([500, 1005], np.uint64))
    asked = np.array([490, 500, 510, 1005], np.uint64)
    assert index.fresh(asked).tolist() == [False, True, False, True]
