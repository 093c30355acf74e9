"""The fast form against the exact one, as the engine propagates both.

Pure water for a short while; ``tests/benchmarks/ensembles.py`` does the same at length, with a protein.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from sims.engines.dynamics import LADDER, Dynamics, Thermostat
from sims.martini.parameters import martini_parameters
from sims.martini.solvent import WATER_BEAD, WATER_DENSITY
from sims.martini.system import Form, build_system
from sims.platforms import choose_platform

SIDE = 5
TEMPERATURE = 350.0  # so small a box of Martini water freezes and melts at 300 K
FRAMES = 240


def sample(form: Form, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperatures (n,) and numbers of neighbours by distance (n, 4) of a box of water, every 20 steps."""
    count = SIDE**3
    edge = (count / WATER_DENSITY) ** (1 / 3)
    system = build_system([(WATER_BEAD, count)], [edge] * 3, martini_parameters(), form)
    dynamics = Dynamics(system, Thermostat(TEMPERATURE, 1.0, 0.02), choose_platform("CPU"), seed)
    axis = (np.arange(SIDE) + 0.5) * edge / SIDE
    dynamics.place(np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3))
    dynamics.minimise(100)
    dynamics.relax(LADDER)
    dynamics.begin()
    dynamics.advance(1000)
    temperatures, neighbours = [], []
    for _ in range(FRAMES):
        dynamics.advance(20)
        temperatures.append(dynamics.temperature())
        positions = dynamics.positions()
        apart = np.concatenate(
            [pdist((axis - edge * np.floor(axis / edge))[:, None])[None] for axis in positions.T]
        )
        distances = np.linalg.norm(apart - edge * np.round(apart / edge), axis=0)
        neighbours.append(np.histogram(distances, [0.0, 0.47, 0.55, 0.7, 0.9])[0] * 2 / count)
    return np.array(temperatures), np.array(neighbours)


def blocks(series: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and its standard error from eight blocks."""
    means = np.array([part.mean(axis=0) for part in np.array_split(series, 8)])
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(8)


def test_water_is_the_same_whichever_way_it_is_computed() -> None:
    exact, fast = sample("exact", seed=1), sample("fast", seed=2)
    for temperatures, _ in (exact, fast):
        mean, error = blocks(temperatures)
        assert mean == pytest.approx(TEMPERATURE, abs=5 * error)
        # Of 3 n degrees of freedom; a frozen or a doubled heat bath shows here.
        spread = TEMPERATURE * np.sqrt(2 / (3 * SIDE**3))
        assert temperatures.std() == pytest.approx(spread, rel=0.4)
    (ours, ours_error), (theirs, theirs_error) = blocks(fast[1]), blocks(exact[1])
    off = np.abs(ours - theirs) / np.hypot(ours_error, theirs_error)
    assert off.max() < 6, (ours, theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0.06)
