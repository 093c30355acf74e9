from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steer.benchmark.divergence import jensen_shannon


def test_equal_densities_and_disjoint_ones():
    assert jensen_shannon([1, 2, 3], [2, 4, 6]) == 0
    assert jensen_shannon([1, 0], [0, 5]) == pytest.approx(1)


def test_by_hand():
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4)
    expected = (np.log2(4 / 3) + 0.5 * np.log2(2 / 3) + 0.5 * np.log2(2)) / 2
    assert jensen_shannon([1, 0], [1, 1]) == pytest.approx(expected)


@given(*[arrays(float, 6, elements=st.floats(0.01, 10))] * 2)
def test_it_is_symmetric_and_bounded(p, q):
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p), abs=1e-12)
    assert -1e-12 <= jensen_shannon(p, q) <= 1


def test_empty_and_unequal_histograms():
    assert np.isnan(jensen_shannon([0, 0], [1, 1]))
    with pytest.raises(ValueError, match="share their bins"):
        jensen_shannon([1, 1], [1, 1, 1])
