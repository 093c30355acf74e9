from __future__ import annotations

import numpy as np
import pytest
from conformance.engine import EngineConformance
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sims.landscapes import (
    LANDSCAPES,
    DoubleWell,
    EntropicBottleneck,
    Landscape,
    ManyFunnels,
    MullerBrown,
    embed,
    make_landscape,
    project,
    states,
)
from sims.landscapes.engine import ToyEngine, ToyOptions
from sims.landscapes.protocol import BOLTZMANN
from sims.landscapes.quadrature import populations_on_grid
from sims.platforms import choose_platform

OTHERS = [
    MullerBrown(0.15),
    DoubleWell(barrier=4.0, half_distance=0.5, tilt=-2.0, stiffness=200.0),
    EntropicBottleneck(bottleneck=2.0, tilt=-1.0),
    ManyFunnels(dimensions=2, funnels=3, rare=1, seed=5),
]
EVERY = [make_landscape(name) for name in LANDSCAPES] + OTHERS
WITH_WELLS = [landscape for landscape in EVERY if not isinstance(landscape, EntropicBottleneck)]


class TestToyEngine(EngineConformance):
    temperature_platform = "Reference"
    temperature_samples = 3000
    temperature_interval = 100
    temperature_tolerance = 0.05
    longest_bond = 52.0

    @classmethod
    def make(cls, platform: str) -> ToyEngine:
        return ToyEngine(MullerBrown(), ToyOptions(), choose_platform(platform, threads=1))

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return embed(MullerBrown(), np.array([[0.6, 0.1]]))[0]

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return np.array([[0, 1], [0, 2], [1, 2]])


def test_muller_brown_minima_are_those_of_the_paper() -> None:
    energies = MullerBrown(scale=1.0).energy(MullerBrown().minima)
    np.testing.assert_allclose(energies, [-146.6995, -108.1667, -80.7678], atol=1e-3)


@pytest.mark.parametrize("landscape", WITH_WELLS, ids=repr)
def test_minima_are_lower_than_all_around_them(landscape: Landscape) -> None:
    ring = np.random.default_rng(0).normal(size=(60, len(landscape.bounds)))
    ring *= 0.02 / np.linalg.norm(ring, axis=1, keepdims=True)
    for minimum in landscape.minima:
        assert np.all(landscape.energy(minimum + ring) > landscape.energy(minimum[None])[0])


@pytest.mark.parametrize("landscape", EVERY, ids=repr)
def test_openmm_computes_the_same_energy(landscape: Landscape) -> None:
    engine = ToyEngine(landscape)
    engine.start(embed(landscape, landscape.minima[:1])[0], seed=1)
    for point in np.random.default_rng(3).uniform(
        *np.transpose(landscape.bounds), size=(20, len(landscape.bounds))
    ):
        engine.dynamics.place(embed(landscape, point[None])[0])
        potential, _ = engine.dynamics.energies()
        assert potential == pytest.approx(landscape.energy(point[None])[0], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("landscape", EVERY, ids=repr)
def test_states_are_apart_inside_the_bounds_and_hold_most_of_what_is_told(landscape: Landscape) -> None:
    np.testing.assert_array_equal(states(landscape, landscape.minima), np.arange(len(landscape.minima)))
    low, high = np.transpose(landscape.bounds)
    assert np.all((landscape.minima > low) & (landscape.minima < high))
    between = np.linalg.norm(landscape.minima[:, None] - landscape.minima[None], axis=2)
    reach = landscape.cores[:, None] + landscape.cores[None]
    assert np.all((between >= reach - 1e-9) | np.eye(len(reach), dtype=bool))
    populations = landscape.populations(300.0)
    assert np.all(populations > 0)
    assert 0.2 < populations.sum() < 1


@pytest.mark.parametrize("landscape", EVERY, ids=repr)
def test_there_is_something_to_climb_from_the_start(landscape: Landscape) -> None:
    assert BOLTZMANN * 300 < landscape.climb(300.0) < 12 * BOLTZMANN * 300
    assert len(landscape.truth) > 10


def test_saddles_of_muller_brown_are_stationary_and_the_higher_one_is_climbed() -> None:
    landscape, step = MullerBrown(scale=1.0), 1e-5
    for saddle, energy in zip(landscape.saddles, [-40.6648, -72.2489], strict=True):
        for axis in np.eye(2):
            forward, back = landscape.energy(np.array([saddle + step * axis, saddle - step * axis]))
            assert abs(forward - back) / (2 * step) < 0.1
        assert landscape.energy(saddle[None])[0] == pytest.approx(energy, abs=1e-3)
    assert landscape.climb(300.0) == pytest.approx(108.1667 - 40.6648, abs=2e-3)


def test_a_bottleneck_is_a_barrier_of_entropy_only() -> None:
    """Its free energy is what numerical integration across gives, and its way along the middle is flat."""
    landscape = EntropicBottleneck(tilt=0.0)
    y = np.linspace(-15, 15, 20_001)
    free = []
    for x in (0.0, -1.0, -1.5):
        weights = np.exp(-landscape.energy(np.column_stack([np.full_like(y, x), y])) / (BOLTZMANN * 300))
        free.append(-BOLTZMANN * 300 * np.log(weights.sum()))
    exact = landscape.free_energy(np.array([0.0, -1.0, -1.5]), 300.0)
    np.testing.assert_allclose(np.diff(free), np.diff(exact), atol=1e-6)
    along = landscape.energy(np.column_stack([np.linspace(-1, 1, 50), np.zeros(50)]))
    assert np.ptp(along) < 0.01
    assert landscape.climb(300.0) > 3.5 * BOLTZMANN * 300
    assert landscape.climb(600.0) > 1.9 * landscape.climb(300.0)


def test_populations_of_funnels_are_those_of_quadrature_where_that_can_be_done() -> None:
    landscape = ManyFunnels(dimensions=2, funnels=3, rare=1, seed=5, rare_weight=0.02)
    np.testing.assert_allclose(
        landscape.populations(300.0), populations_on_grid(landscape, 300.0), atol=0.004
    )
    with pytest.raises(ValueError, match="300 K"):
        landscape.populations(310.0)


def test_quadrature_is_fine_enough() -> None:
    for landscape in (MullerBrown(), EntropicBottleneck()):
        finer = populations_on_grid(landscape, 300.0, 900)
        np.testing.assert_allclose(landscape.populations(300.0), finer, atol=3e-4)


def test_rare_basins_are_rare_and_narrow_and_hang_on_other_funnels_than_the_first() -> None:
    landscape = ManyFunnels()
    populations = landscape.populations(300.0)
    assert populations[8:].max() < 0.003 < 0.05 < populations[:8].min()
    far = np.linalg.norm(landscape.minima[8:] - landscape.start, axis=1)
    assert far.min() > 0.9 * landscape.rare_distance
    assert ManyFunnels(seed=2).minima.shape == (12, 10)
    assert not np.allclose(ManyFunnels(seed=2).minima, landscape.minima)


def test_what_is_no_landscape_is_refused() -> None:
    with pytest.raises(ValueError, match="even number"):
        ManyFunnels(dimensions=3)
    with pytest.raises(ValueError, match=r"'mueller'.*muller_brown"):
        make_landscape("mueller")


def test_many_walkers_are_found_again_however_the_beads_are_moved() -> None:
    landscape = ManyFunnels()
    points = landscape.sample(20, np.random.default_rng(2))
    moved = Rotation.random(rng=np.random.default_rng(1)).apply(embed(landscape, points).reshape(-1, 3)) + 4.0
    np.testing.assert_allclose(project(landscape, moved.reshape(20, -1, 3)), points, atol=1e-9)


@given(
    st.tuples(st.floats(-1.5, 1.2), st.floats(-0.5, 2.0)),
    st.integers(0, 1000),
    st.tuples(*[st.floats(-10, 10)] * 3),
)
def test_projection_undoes_embedding_however_the_beads_are_moved(
    point: tuple[float, float], turn: int, shift: tuple[float, float, float]
) -> None:
    landscape = MullerBrown()
    beads = embed(landscape, np.array([point]))[0]
    moved = Rotation.random(rng=np.random.default_rng(turn)).apply(beads) + np.array(shift)
    np.testing.assert_allclose(project(landscape, moved[None])[0], point, atol=1e-9)


@pytest.mark.parametrize(
    "landscape",
    [MullerBrown(), DoubleWell(barrier=4.0, tilt=1.5), EntropicBottleneck(bottleneck=1.5, half_length=1.2)],
    ids=repr,
)
def test_dynamics_visits_the_states_as_their_populations_say(landscape: Landscape) -> None:
    blocks = []
    for seed in range(8):
        engine = ToyEngine(landscape, ToyOptions(timestep=0.04))
        engine.start(embed(landscape, landscape.minima[seed % 2][None])[0], seed=seed)
        frames = np.array([frame.positions for frame in engine.run(80_000, 160)])
        found = states(landscape, project(landscape, frames))
        blocks.append(np.bincount(found[found >= 0], minlength=len(landscape.minima)) / len(found))
    error = np.std(blocks, axis=0, ddof=1) / np.sqrt(len(blocks))
    assert np.all(error < 0.04)
    deviation = np.abs(np.mean(blocks, axis=0) - landscape.populations(300.0)) / error
    assert np.all(deviation < 4), deviation


def test_walker_starts_where_turned_beads_say() -> None:
    landscape = DoubleWell()
    beads = embed(landscape, np.array([[0.9, 0.05]]))[0]
    turned = Rotation.from_euler("xyz", [1.0, 2.0, 3.0]).apply(beads) + 5.0
    engine = ToyEngine(landscape)
    engine.start(turned, seed=4)
    np.testing.assert_allclose(project(landscape, engine.solute()[None])[0], [0.9, 0.05], atol=1e-5)
