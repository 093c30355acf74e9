"""Copies in one context: each goes its own way, anew or on, whatever the others do."""

import numpy as np

from sims.landscapes import DoubleWell
from sims.landscapes.engine import ToyOptions
from sims.landscapes.flock import Flock

LANDSCAPE = DoubleWell(20.0)
COLD = ToyOptions(temperature=1e-6, friction=1e-6, timestep=0.01, mass=3.0)
"""Next to no noise, so that a copy goes the way of its forces alone."""


def flock() -> Flock:
    return Flock(LANDSCAPE, COLD, 3, seed=1)


def test_a_copy_that_goes_on_keeps_its_velocity():
    slope = LANDSCAPE.minima[0] + [0.3, 0.2]
    whole = flock().walk({0: slope}, 40, 10)
    parts = flock()
    pieces = [parts.walk({0: start}, 10, 10)[0] for start in (slope, None, None, None)]
    np.testing.assert_allclose(np.concatenate(pieces), whole[0], atol=1e-6)
    assert np.linalg.norm(whole[0, -1] - slope) > 0.1


def test_a_copy_that_goes_on_does_not_feel_that_another_starts_anew():
    slope = LANDSCAPE.minima[0] + [0.3, 0.2]
    alone, beside = flock(), flock()
    for copies in (alone, beside):
        copies.walk({0: slope, 1: slope}, 10, 10)
    expected = alone.walk({0: None, 1: None}, 20, 10)
    seen = beside.walk({2: LANDSCAPE.minima[1], 1: slope, 0: None}, 20, 10)
    np.testing.assert_allclose(seen[2], expected[0], atol=1e-6)
    np.testing.assert_allclose(seen[0, -1], LANDSCAPE.minima[1], atol=1e-3)
    assert np.linalg.norm(seen[1] - expected[1]) > 0.01


def test_those_that_start_anew_have_the_warmth_of_their_temperature():
    warm = Flock(
        LANDSCAPE, ToyOptions(temperature=300.0, friction=1e-6, timestep=1e-4, mass=3.0), 500, seed=2
    )
    start = LANDSCAPE.minima[0]
    warm.walk(dict.fromkeys(range(500), start), 1, 1)
    walks = warm.walk({**dict.fromkeys(range(250)), **dict.fromkeys(range(250, 500), start)}, 10, 10)
    velocities = (walks[250:, 0] - start) / 1e-3
    np.testing.assert_allclose(3.0 * np.var(velocities), 8.314e-3 * 300.0, rtol=0.2)
