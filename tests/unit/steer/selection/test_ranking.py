"""Caps on a ranked list, against a loop that counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from steer.selection.protocol import Pool
from steer.selection.ranking import earlier_equals, take_in_order


def test_earlier_equals_by_hand():
    assert earlier_equals(np.array([7, 3, 7, 7, 3])).tolist() == [0, 0, 1, 2, 1]


@given(seed=st.integers(0, 10_000), n=st.integers(0, 50), count=st.integers(0, 30), cap=st.integers(1, 5))
def test_takes_what_a_counting_loop_takes(seed, n, count, cap):
    rng = np.random.default_rng(seed)
    groups, order = rng.integers(0, 6, size=n), rng.permutation(n)
    taken, expected = {}, []
    for row in order.tolist():
        group = int(groups[row])
        if len(expected) < count and taken.get(group, 0) < cap:
            taken[group] = taken.get(group, 0) + 1
            expected.append(row)
    pool = Pool(np.zeros((n, 1)), np.empty((0, 1)), groups, np.full(n, cap))
    assert take_in_order(order, count, pool).tolist() == expected
