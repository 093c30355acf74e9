from __future__ import annotations

import numpy as np
import pytest
from conformance.engine import EngineConformance
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sims.platforms import choose_platform
from sims.toy import DoubleWell, Landscape, MullerBrown, ToyEngine, ToyOptions, embed, project

BOLTZMANN = 0.00831446261815324
LANDSCAPES = [
    MullerBrown(),
    DoubleWell(),
    DoubleWell(barrier=4.0, half_distance=0.5, tilt=-2.0, stiffness=200.0),
]


def grid(n: int = 600) -> NDArray[np.float64]:
    x, y = np.meshgrid(np.linspace(-3.0, 3.0, n), np.linspace(-2.5, 3.5, n))
    return np.column_stack([x.ravel(), y.ravel()])


def exact_share(landscape: Landscape, region: NDArray[np.bool_], points: NDArray[np.float64]) -> float:
    weights = np.exp(-landscape.energy(points) / (BOLTZMANN * 300.0))
    return float(weights[region].sum() / weights.sum())


class TestToyEngine(EngineConformance):
    temperature_platform = "Reference"
    temperature_samples = 3000
    temperature_interval = 100
    temperature_tolerance = 0.05

    @classmethod
    def make(cls, platform: str) -> ToyEngine:
        return ToyEngine(MullerBrown(), ToyOptions(), choose_platform(platform, threads=1))

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return embed(MullerBrown(), np.array([[0.6, 0.1]]))[0]

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return np.array([[0, 2]])


def test_muller_brown_minima_are_those_of_the_paper() -> None:
    energies = MullerBrown(scale=1.0).energy(MullerBrown().minima)
    np.testing.assert_allclose(energies, [-146.6995, -108.1667, -80.7678], atol=1e-3)


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_minima_are_lower_than_all_around_them(landscape: Landscape) -> None:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = 0.01 * np.column_stack([np.cos(angles), np.sin(angles)])
    for minimum in landscape.minima:
        assert np.all(landscape.energy(minimum + ring) > landscape.energy(minimum[None])[0])


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_openmm_computes_the_same_energy(landscape: Landscape) -> None:
    engine = ToyEngine(landscape)
    engine.start(embed(landscape, landscape.minima[:1])[0], seed=1)
    for point in np.random.default_rng(3).uniform(*np.transpose(landscape.bounds), size=(20, 2)):
        engine.dynamics.place(embed(landscape, point[None])[0])
        potential, _ = engine.dynamics.energies()
        assert potential == pytest.approx(landscape.energy(point[None])[0], rel=1e-6, abs=1e-6)


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
    ("landscape", "boundary"), [(MullerBrown(), 0.2), (DoubleWell(barrier=4.0, tilt=1.5), 0.0)]
)
def test_populations_are_boltzmann(landscape: Landscape, boundary: float) -> None:
    blocks = []
    for seed in range(10):
        engine = ToyEngine(landscape)
        engine.start(embed(landscape, landscape.minima[seed % 2][None])[0], seed=seed)
        frames = np.array([frame.positions for frame in engine.run(400_000, 400)])
        blocks.append(np.mean(project(landscape, frames)[:, 0] > boundary))
    points = grid()
    exact = exact_share(landscape, points[:, 0] > boundary, points)
    error = np.std(blocks, ddof=1) / np.sqrt(len(blocks))
    assert error < 0.02
    assert np.mean(blocks) == pytest.approx(exact, abs=3.5 * error)


def test_walker_starts_where_turned_beads_say() -> None:
    landscape = DoubleWell()
    beads = embed(landscape, np.array([[0.9, 0.05]]))[0]
    turned = Rotation.from_euler("xyz", [1.0, 2.0, 3.0]).apply(beads) + 5.0
    engine = ToyEngine(landscape)
    engine.start(turned, seed=4)
    np.testing.assert_allclose(project(landscape, engine.solute()[None])[0], [0.9, 0.05], atol=1e-5)
