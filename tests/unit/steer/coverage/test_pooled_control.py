"""The control of volume, evenness and covering radius, against enumeration and against campaigns that are not steered."""

from itertools import combinations

import numpy as np
import pytest

from steer.coverage import progress
from steer.coverage.pooled_control import Pooled, pooled_control
from steer.coverage.progress import measure_progress
from steer.coverage.resampling import half_samples

VISITED = np.array(
    [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool
)
SIZE = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
UNSTEERED = np.array([True, True, True, True, False])


def control_of(measure: Pooled, unsteered: np.ndarray = UNSTEERED, seed: int = 0):
    halves = half_samples(np.zeros(len(unsteered), int), 10, 1)
    return pooled_control(measure, unsteered, np.full(len(unsteered), 2.0), halves, seed)


def test_it_is_the_mean_over_all_subsets_and_ends_with_all_of_them() -> None:
    measure = Pooled(VISITED, np.logical_or, lambda pooled, _: pooled @ SIZE)
    found = np.mean([control_of(measure, seed=seed).cells.estimate for seed in range(100)], axis=0)
    every = [
        np.mean([VISITED[list(c)].any(axis=0) @ SIZE for c in combinations(range(4), k)])
        for k in (1, 2, 3, 4)
    ]
    np.testing.assert_allclose(found, every, rtol=0.02)
    control = control_of(measure)
    assert control.cells.estimate[-1] == every[-1]
    np.testing.assert_allclose(control.time, [2, 4, 6, 8])
    assert (control.own_time, control.simulations) == (8.0, 4)


def test_what_steered_simulations_bring_does_not_matter() -> None:
    measure = Pooled(VISITED, np.logical_or, lambda pooled, _: pooled @ SIZE)
    other = Pooled(np.where(UNSTEERED[:, None], VISITED, False), np.logical_or, measure.value)
    np.testing.assert_array_equal(control_of(measure).cells.estimate, control_of(other).cells.estimate)


@pytest.mark.parametrize("unsteered", [0, 1])
def test_below_two_unsteered_simulations_there_is_no_control(unsteered: int) -> None:
    measure = Pooled(VISITED, np.logical_or, lambda pooled, _: pooled @ SIZE)
    assert control_of(measure, np.arange(5) < unsteered) is None


def test_the_bands_of_campaign_and_control_meet_when_nothing_is_steered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Campaigns whose selector is random: at the unsteered time, all but one at most agree with their control."""
    # Coarser curves and integrals: only the value at one time is compared, and the bands stay as wide.
    for name, count in (("CHECKPOINTS", 8), ("BALL_SAMPLES", 1000), ("PLACES", 100)):
        monkeypatch.setattr(progress, name, count)
    agree = {"volume": 0, "evenness": 0, "covering": 0, "discovery": 0}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        starts = np.zeros((16, 1, 2))
        points = (starts + 0.3 * rng.normal(size=(16, 25, 2)).cumsum(axis=1)).reshape(-1, 2)
        simulation = np.repeat(np.arange(16), 25)
        free = rng.permutation(16) < 8
        told = measure_progress(points, simulation, free[simulation], 1000.0, np.array([0.4, 0.4]), seed)
        for name, band, control in (
            ("volume", told.volume, told.volume_control),
            ("evenness", told.evenness, told.evenness_control),
            ("covering", told.covering_radius, told.covering_control),
        ):
            mine = [np.interp(control.own_time, told.time, side) for side in (band.low, band.high)]
            agree[name] += mine[0] <= control.cells.high[-1] and control.cells.low[-1] <= mine[1]
        told_low, told_high = told.discovery.low[0], told.discovery.high[0]
        agree["discovery"] += (
            told_low <= told.discovery_control.high[0] and told.discovery_control.low[0] <= told_high
        )
    assert min(agree.values()) >= 5, agree


def test_a_campaign_that_goes_farther_is_told_from_its_control() -> None:
    """Steered walkers that start ever farther out cover more than unsteered ones in the same time."""
    rng = np.random.default_rng(3)
    free = np.arange(24) % 3 == 0
    starts = np.where(free, 0.0, np.arange(24))[:, None, None] * [1.0, 0.0]
    points = (starts + 0.3 * rng.normal(size=(24, 40, 2)).cumsum(axis=1)).reshape(-1, 2)
    simulation = np.repeat(np.arange(24), 40)
    told = measure_progress(points, simulation, free[simulation], 1000.0, np.array([0.4, 0.4]), 0)
    for band, control in (
        (told.volume, told.volume_control),
        (told.covering_radius, told.covering_control),
    ):
        mine = np.interp(control.own_time, told.time, band.estimate)
        assert not control.cells.low[-1] <= mine <= control.cells.high[-1]
    assert told.volume.estimate[-1] > 1.5 * told.volume_control.cells.estimate[-1]
