from __future__ import annotations

import numpy as np
from conformance.engine import EngineConformance
from numpy.typing import NDArray

from sims.platforms import choose_platform
from sims.references.alanine_dipeptide import AlanineDipeptide, DipeptideEngine


class TestDipeptideEngine(EngineConformance):
    temperature_platform = "Reference"
    temperature_samples = 2000

    @classmethod
    def make(cls, platform: str) -> DipeptideEngine:
        return DipeptideEngine(choose_platform(platform, threads=1))

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return AlanineDipeptide().start

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return np.array([[0, 4], [4, 6], [6, 8], [8, 10], [10, 16], [16, 18]])


def test_free_dynamics_divides_beta_from_the_helix_as_the_reference_does() -> None:
    """Within phi < 0, which a nanosecond samples many times over; errors from independent simulations."""
    molecule = AlanineDipeptide()
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
