"""Cells by their discoverers, whatever the batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from steer.discoveries import Discoveries


def counted(numbers, discovered, cuts=()) -> Discoveries:
    record = Discoveries()
    for part in np.split(np.arange(len(numbers)), sorted(cuts)):
        record.add(np.asarray(numbers)[part], np.asarray(discovered, bool)[part])
    return record


def test_by_hand():
    record = counted([1, 1, 3, 1, 3, 3], [1, 1, 0, 0, 1, 0])
    assert record.cells.tolist() == [0, 2, 0, 1]


@given(
    frames=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
)
def test_batches_make_no_difference(frames, cuts):
    numbers, discovered = map(list, zip(*frames, strict=True))
    whole, pieces = counted(numbers, discovered), counted(numbers, discovered, cuts)
    np.testing.assert_array_equal(whole.cells, pieces.cells)
