"""Broken frames must never be candidates."""

import numpy as np

from steer.selection.sanity import sane

PAIRS = np.array([[0, 1], [1, 2]])
LENGTHS = np.array([0.35, 0.35])
GOOD = np.array([[0.0, 0, 0], [0.35, 0, 0], [0.7, 0, 0]])


def test_broken_collapsed_and_nan_frames_are_told_from_good_ones():
    broken, collapsed, nan = GOOD.copy(), GOOD.copy(), GOOD.copy()
    broken[2, 0] = 1.5
    collapsed[2] = collapsed[1] + 0.01
    nan[0, 0] = np.nan
    thermal = GOOD + np.random.default_rng(0).normal(scale=0.02, size=GOOD.shape)
    frames = np.array([GOOD, broken, collapsed, nan, thermal])
    assert sane(frames, PAIRS, LENGTHS).tolist() == [True, False, False, False, True]


def test_without_bonds_only_finiteness_counts():
    frames = np.array([GOOD, np.full_like(GOOD, np.inf)])
    assert sane(frames, np.empty((0, 2), int), np.empty(0)).tolist() == [True, False]
