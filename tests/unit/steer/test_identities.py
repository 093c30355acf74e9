"""Identities: one key each, known once added."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from steer.identities import IdentityIndex, identity_keys


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 5)), max_size=8), max_size=8
    )
)
def test_identities_are_known_once_added(batches):
    index, known = IdentityIndex(np.empty(0, np.uint64)), set()
    for batch in batches:
        columns = np.array(batch, np.int64).reshape(-1, 3).T
        keys = identity_keys(*columns)
        fresh = index.fresh(keys)
        new = [identity for identity, is_new in zip(batch, fresh, strict=True) if is_new]
        assert len(set(new)) == len(new)
        assert set(new) == set(batch) - known
        index.add(keys[fresh])
        known |= set(batch)


def test_identities_stay_apart_at_their_limits():
    columns = [[0, 1, 0, 1, 0], [999_999, 999_999, 0, 0, 1], [0, 2**43 - 1, 2**43 - 1, 0, 0]]
    keys = identity_keys(*columns)
    assert len(set(keys.tolist())) == 5


def test_the_index_keeps_its_keys_when_the_recent_ones_are_merged():
    rng = np.random.default_rng(4)
    keys = rng.permutation(np.arange(200_000, dtype=np.uint64))
    index = IdentityIndex(keys[:1000])
    for start in range(1000, 200_000, 7000):
        batch = keys[start : start + 7000]
        assert index.fresh(batch).all()
        index.add(batch)
    assert index.known(keys).all()
    assert not index.known(keys + np.uint64(200_000)).any()
