from __future__ import annotations

import numpy as np
import pytest

from steer.benchmark.arms import ARMS
from steer.benchmark.problems import PROBLEMS, Problem
from steer.benchmark.score import Score, covering_radii, first_visits
from steer.benchmark.score import score as judge
from steer.benchmark.summary import noise_floor, summarise_problem
from steer.benchmark.trace import Recorder, Trace
from steer.selection import SELECTORS


def test_steps_are_those_of_all_walkers_together():
    recorder = Recorder()
    recorder.add(0, 0, 4, np.array([10, 20]), np.array([[0.0, 0.0], [1.0, 0.0]]))
    recorder.add(1, 0, 4, np.array([10, 20]), np.array([[5.0, 0.0], [6.0, 0.0]]))
    recorder.add(2, 80, 4, np.array([10, 20]), np.array([[2.0, 0.0], [3.0, 0.0]]))
    trace = recorder.trace()
    assert trace.steps.tolist() == [40, 40, 80, 80, 120, 160]
    assert trace.points[:, 0].tolist() == [0, 5, 1, 6, 2, 3]
    assert trace.simulation.tolist() == [0, 1, 0, 1, 2, 2]


def test_walkers_that_have_nothing_to_do_spend_nothing():
    recorder = Recorder()
    recorder.add(0, 0, 4, np.array([10, 20]), np.zeros((2, 2)))
    recorder.add(1, 80, 1, np.array([10, 20]), np.zeros((2, 2)))
    assert recorder.trace().steps.tolist() == [40, 80, 90, 100]


def test_a_simulation_told_in_parts_is_one():
    recorder = Recorder()
    for spent, x in ((0, 0.0), (20, 1.0)):
        recorder.add(0, spent, 2, np.array([10]), np.array([[x, 0.0]]))
        recorder.add(1, spent, 2, np.array([10]), np.array([[x + 5, 0.0]]))
    trace = recorder.trace()
    assert trace.steps.tolist() == [20, 20, 40, 40]
    assert trace.points[trace.simulation == 1][:, 0].tolist() == [5, 6]


def test_first_visits():
    assert first_visits(np.array([-1, 2, 0, 2]), np.array([5, 6, 7, 8]), 3) == [7, None, 6]


@pytest.mark.parametrize(
    ("arm", "visits"), [("frontier", [None, 800, None]), ("plain", [320_000, 800, 16_800])]
)
def test_what_an_arm_sees_after_its_steps_does_not_count(arm, visits):
    problem = PROBLEMS["muller_brown"]
    start, far, middle = (problem.system.landscape.minima[i] for i in (1, 0, 2))
    steps = np.array([800, 16_800, 320_000, 320_800])
    trace = Trace(steps, np.arange(4), np.array([start, middle, far, far]))
    seen = judge(ARMS[arm], problem, problem.system.reference(), 0, trace, 0.0)
    assert seen.first_visits == visits
    assert seen.checkpoints[-1] == 16_000
    assert seen.steps == problem.steps_of(ARMS[arm])


def test_the_covering_radius_of_a_line():
    region = np.column_stack([np.linspace(0, 10, 101), np.zeros(101)])
    points = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, 0.0]])
    assert covering_radii(region, points, [0, 1, 2, 3, 3]) == pytest.approx([np.inf, 10, 5, 2.5, 2.5])


def score(arm: str, seed: int, *visits: int | None, histogram: tuple[float, ...] = (1.0, 0.0)) -> Score:
    return Score(
        arm,
        "p",
        seed,
        100,
        (1, 10, 5),
        list(visits),
        1,
        [50, 100],
        [2.0, 1.0],
        [0.5, 0.2],
        [0.6, 0.3],
        list(histogram),
        1.0,
    )


def test_a_share_of_the_states():
    some = score("a", 0, 10, None, 30, 20)
    assert np.isnan(some.hit)
    assert some.found(0.5) == 20
    assert some.found(0.75) == 30
    assert np.isnan(some.found(0.95))


def test_arms_are_held_against_plain():
    scores = [score("plain", seed, 1, 80 + seed) for seed in range(8)]
    scores += [score("ours", seed, 1, 10 + seed) for seed in range(8)]
    plain, ours = summarise_problem(scores)
    assert (plain.arm, plain.probability) == ("plain", 1.0)
    assert ours.hit.median == 13
    assert ours.states == 1.0
    assert ours.probability < 1e-3


def test_the_noise_floor_is_between_long_runs():
    scores = [
        score("one long run", 0, 1, 2),
        score("one long run", 1, 1, 2, histogram=(0.0, 1.0)),
        score("plain", 0, 1, 2),
    ]
    assert noise_floor(scores) == pytest.approx(1.0)
    assert np.isnan(noise_floor(scores[1:]))


def test_every_selector_is_an_arm():
    assert set(SELECTORS) <= set(ARMS)


def test_a_problem_of_broken_rounds_is_refused():
    problem = PROBLEMS["muller_brown"]
    with pytest.raises(ValueError, match="whole number of rounds"):
        Problem("p", problem.system, 0, 16, 50, 10, 1000)


def test_steps_dealt_out_otherwise_make_another_problem():
    problem = PROBLEMS["muller_brown"]
    other = problem.dealt(8, 20, 10)
    assert other.dealing == (8, 20, 10)
    assert (other.steps, other.system) == (problem.steps, problem.system)
    assert other.name == "muller_brown_8_walkers_20_steps_10_between"
    assert problem.dealt(segment=20).name == "muller_brown_20_steps"
    assert problem.dealt(*problem.dealing) is problem.dealt() is problem
    with pytest.raises(ValueError, match="whole number of rounds"):
        problem.dealt(7)
    with pytest.raises(ValueError, match="whole number of frames"):
        problem.dealt(every=3)
