from __future__ import annotations

import numpy as np
import pytest

from steer.benchmark.survival import compare, survival

# Remission of leukaemia under 6-mercaptopurine, weeks (Freireich et al., Blood 21, 699, 1963); NaN: still in remission.
SEEN = [6, 6, 6, 7, 10, 13, 16, 22, 23] + [np.nan] * 12
ENDS = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_published_medians_come_out():
    treated = survival(SEEN, ENDS)
    assert (treated.median, treated.hits, treated.runs) == (23, 9, 21)
    assert treated.low == 13
    assert treated.high == np.inf
    assert survival(PLACEBO, PLACEBO).median == 8


def test_the_published_difference_is_significant():
    assert compare((SEEN, ENDS), (PLACEBO, PLACEBO)) == pytest.approx(4.17e-5, rel=0.02)


def test_runs_that_never_saw_it_are_not_left_out():
    assert survival([10, np.nan, np.nan], [100] * 3).median == np.inf
    assert survival([10, 20, np.nan], [100] * 3).median == 20


def test_nobody_saw_it():
    never = survival([np.nan, np.nan], [50, 50])
    assert (never.median, never.low, never.high, never.hits) == (np.inf, np.inf, np.inf, 0)
    assert compare(([np.nan], [50]), ([np.nan], [50])) == 1.0


def test_what_one_arm_saw_after_the_other_had_ended_says_nothing():
    assert compare(([np.nan, np.nan], [50, 50]), ([60, 70], [100, 100])) == 1.0
    assert compare(([np.nan, np.nan], [50, 50]), ([10, 70], [100, 100])) < 1.0


@pytest.mark.parametrize("runs", [1, 3, 20])
def test_arms_of_which_no_run_outlived_another_cannot_be_told_apart(runs):
    assert compare(([5.0] * runs, [10.0] * runs), ([5.0], [10.0])) == 1.0
    assert compare(([np.nan] * runs, [10.0] * runs), (np.arange(11.0, 40.0), np.full(29, 50.0))) == 1.0


@pytest.mark.parametrize(("times", "ends"), [([], []), ([1.0], [2.0, 3.0]), ([5.0], [4.0])])
def test_nonsense_is_refused(times, ends):
    with pytest.raises(ValueError, match=r"must be of one length|after the end"):
        survival(times, ends)
