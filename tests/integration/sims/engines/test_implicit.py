from __future__ import annotations

import numpy as np
import pytest
from conformance.engine import EngineConformance
from numpy.typing import NDArray

from sims.platforms import choose_platform
from sims.references.alanine_dipeptide import alanine_dipeptide
from sims.references.alanine_tripeptide import alanine_tripeptide
from sims.references.implicit import ImplicitEngine


class TestImplicitEngine(EngineConformance):
    temperature_platform = "Reference"
    temperature_samples = 2000

    @classmethod
    def make(cls, platform: str) -> ImplicitEngine:
        return ImplicitEngine("alanine_dipeptide", choose_platform(platform, threads=1))

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return alanine_dipeptide().start

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return np.array([[0, 4], [4, 6], [6, 8], [8, 10], [10, 16], [16, 18]])


def test_free_dynamics_divides_beta_from_the_helix_as_the_reference_does() -> None:
    """Within phi < 0, which a nanosecond samples many times over; errors from independent simulations."""
    molecule = alanine_dipeptide()
    known = dict(zip(molecule.known.names, molecule.known.populations, strict=True))
    expected = known["alpha_r"] / (known["alpha_r"] + known["beta"])
    found = []
    for seed in range(6):
        engine = molecule.engine()
        engine.start(molecule.start, seed)
        list(engine.run(10_000, 10_000))
        frames = np.array([frame.positions for frame in engine.run(150_000, 150)])
        states = molecule.states(molecule.coordinates(frames))
        found.append((states == 1).sum() / np.isin(states, (0, 1)).sum())
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert error < 0.15
    assert abs(np.mean(found) - expected) < 4 * error + 0.03


@pytest.mark.parametrize("residue", [0, 1])
def test_free_dynamics_spreads_over_either_phi_as_the_reference_says(
    residue: int, free: NDArray[np.float64]
) -> None:
    """Of the tripeptide with both phi < -30 degrees: how often phi is below -100, in independent simulations."""
    density = np.moveaxis(alanine_tripeptide().known.density, residue, 0)[:15, :15]
    expected = density[:8].sum() / density.sum()
    found = []
    for angles in free:
        right = angles[np.all(angles < -30, axis=1)]
        found.append(np.mean(right[:, residue] < -100))
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert error < 0.1
    assert abs(np.mean(found) - expected) < 4 * error + 0.03


@pytest.fixture(scope="module")
def free() -> NDArray[np.float64]:
    """Both phi in degrees along five simulations of 280 ps, shape (5, n, 2)."""
    molecule = alanine_tripeptide()
    runs = []
    for seed in range(5):
        engine = molecule.engine()
        engine.start(molecule.start, seed)
        list(engine.run(5_000, 5_000))
        runs.append(molecule.coordinates(np.array([frame.positions for frame in engine.run(70_000, 100)])))
    return np.array(runs)
