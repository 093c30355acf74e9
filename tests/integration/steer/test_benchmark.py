"""`steer benchmark`: the real coordinator on landscapes, at equal aggregate steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from steer.benchmark.arms import ARMS, PATIENCE
from steer.benchmark.problems import PROBLEMS
from steer.benchmark.runner import run_arm
from steer.benchmark.score import score
from steer.benchmark.series import do_series, score_file

SHORT = replace(PROBLEMS["muller_brown"], steps=4_800, further=1)
MOLECULE = replace(PROBLEMS["alanine_dipeptide"], steps=3_200, further=1)


@pytest.mark.parametrize("arm", ["one long run", "plain", "farthest_point", "least_counts"])
def test_every_arm_spends_the_same_steps(arm):
    trace, steering = run_arm(ARMS[arm], SHORT, seed=3)
    assert trace.steps[-1] == SHORT.steps
    assert len(trace.steps) == SHORT.steps // SHORT.every
    assert (np.diff(trace.steps) >= 0).all()
    assert steering > 0


def test_plain_runs_alone_go_further():
    longer = replace(SHORT, further=3)
    assert run_arm(ARMS["plain"], longer, seed=3)[0].steps[-1] == 3 * SHORT.steps
    assert run_arm(ARMS["one long run"], longer, seed=3)[0].steps[-1] == SHORT.steps


def test_an_arm_that_ends_simulations_early_spends_the_same_steps_on_more_of_them():
    longer = replace(SHORT, segment=80)
    early, whole = (run_arm(ARMS[name], longer, seed=3)[0] for name in ("dynim_wide/early", "dynim_wide"))
    assert early.steps[early.steps <= SHORT.steps].size == len(whole.steps) == SHORT.steps // SHORT.every
    frames = np.bincount(early.simulation)
    assert frames.max() == 80 // SHORT.every
    assert frames[: -SHORT.walkers].min() == PATIENCE + 1
    assert len(frames) > 1.5 * len(np.bincount(whole.simulation))


def test_a_molecule_ends_early_too():
    longer = replace(MOLECULE, segment=100, walkers=4)
    trace, _ = run_arm(ARMS["dynim_wide/slow/early"], longer, seed=3)
    frames = np.bincount(trace.simulation)
    assert frames.max() == 100 // MOLECULE.every
    assert frames[: -longer.walkers].min() == PATIENCE + 1


def test_a_steered_arm_starts_where_others_have_been():
    trace, _ = run_arm(ARMS["farthest_point"], SHORT, seed=3)
    first = [trace.points[trace.simulation == number][0] for number in range(trace.simulation.max() + 1)]
    away = np.linalg.norm(np.array(first) - SHORT.system.landscape.start, axis=1)
    assert away[-SHORT.walkers :].mean() > 2 * away[: SHORT.walkers].mean()


def test_the_same_seed_gives_the_same_run_and_another_another():
    runs = [run_arm(ARMS["farthest_point"], SHORT, seed)[0] for seed in (5, 5, 6)]
    np.testing.assert_array_equal(runs[0].points, runs[1].points)
    assert not np.array_equal(runs[0].points, runs[2].points)


def test_runs_done_before_are_read_and_those_of_other_lengths_are_not(tmp_path):
    told = []
    arms, seeds = [ARMS["plain"]], [0, 1]

    def tell(done, of, score):
        told.append((done, of, score.seed))

    first = do_series(arms, [SHORT], seeds, tmp_path, 1, tell)
    assert sorted(told) == [(1, 2, 0), (2, 2, 1)]
    score_file(tmp_path, (ARMS["plain"], SHORT, 1)).unlink()
    told.clear()
    again = do_series(arms, [SHORT], seeds, tmp_path, 1, tell)
    assert told == [(2, 2, 1)]
    assert [s.first_visits for s in again] == [s.first_visits for s in first]
    told.clear()
    do_series(arms, [replace(SHORT, steps=9_600)], seeds[:1], tmp_path, 1, tell)
    assert told == [(1, 1, 0)]


@pytest.mark.parametrize("arm", ["one long run", "plain", "least_counts"])
def test_a_molecule_spends_the_same_steps_under_every_arm(arm):
    trace, steering = run_arm(ARMS[arm], MOLECULE, seed=3)
    assert trace.steps[-1] == MOLECULE.steps
    assert len(trace.steps) == MOLECULE.steps // MOLECULE.every
    assert (np.diff(trace.steps) >= 0).all()
    assert steering > 0
    judged = score(ARMS[arm], MOLECULE, MOLECULE.system.reference(), 3, trace, steering)
    assert judged.first_visits[1] == trace.steps[0]
    assert np.isfinite(judged.covering).all()
    assert sum(judged.histogram) == pytest.approx(1.0)


def test_a_steered_molecule_goes_on_from_frames_it_has_been_in():
    """The first frame of each simulation lies by one that was there before it."""
    trace, _ = run_arm(ARMS["farthest_point"], MOLECULE, seed=3)
    per, rounds = MOLECULE.segment // MOLECULE.every, MOLECULE.steps // MOLECULE.walkers // MOLECULE.segment
    assert trace.simulation.max() + 1 == rounds * MOLECULE.walkers
    assert (np.bincount(trace.simulation) == per).all()
    metric = MOLECULE.system.reference().metric
    for number in range(4 * MOLECULE.walkers, trace.simulation.max() + 1):
        first = np.flatnonzero(trace.simulation == number)[0]
        before = trace.points[trace.steps < trace.steps[first]]
        assert metric.nearest(before, trace.points[[first]])[0][0] < 40.0


def test_a_molecule_goes_the_same_way_in_another_process(tmp_path):
    here = run_arm(ARMS["plain"], MOLECULE, 1)[0]
    there = do_series([ARMS["plain"]], [MOLECULE], [1], tmp_path, 1, lambda *_: None)[0]
    again = score(ARMS["plain"], MOLECULE, MOLECULE.system.reference(), 1, here, there.steering)
    assert again == there
