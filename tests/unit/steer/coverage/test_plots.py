"""What a reader must be able to see in a picture."""

from __future__ import annotations

import numpy as np
import pytest

from steer.coverage.plots import axis_top
from steer.coverage.resampling import Band


def band(estimate: list[float], high: list[float]) -> Band:
    return Band(np.array(estimate), np.zeros(len(estimate)), np.array(high))


def test_lines_keep_their_place_however_wide_their_bands() -> None:
    line = np.array([10.0, 60, 100])
    assert axis_top([line], [band([10, 60, 100], [20, 900, 5000])]) == pytest.approx(220)
    assert axis_top([line], [band([10, 60, 100], [20, 80, 140])]) == pytest.approx(147)
    assert axis_top([line], [band([1, 2, 3], [2, 3, 4])]) == pytest.approx(110)


def test_without_bands_or_lines_matplotlib_decides() -> None:
    assert axis_top([np.array([10.0])], []) is None
    assert axis_top([np.array([np.nan])], [band([np.nan], [np.nan])]) is None
    assert axis_top([], []) is None
