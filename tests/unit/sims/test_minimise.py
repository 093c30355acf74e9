from __future__ import annotations

import numpy as np
import openmm
import pytest
from openmm import unit

from sims.minimise import minimise


def valley() -> openmm.Context:
    """Rosenbrock's curved valley for each of ten particles; its minimum is at (1, 1, 0)."""
    system = openmm.System()
    force = openmm.CustomExternalForce("(1-x)^2+100*(y-x^2)^2+z^2")
    for particle in range(10):
        system.addParticle(1.0)
        force.addParticle(particle, [])
    system.addForce(force)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(np.random.default_rng(1).uniform(-2, 2, (10, 3)))
    return context


def energy(context: openmm.Context) -> float:
    return float(context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole))


def test_finds_the_minimum_and_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    context = valley()
    minimise(context, 2000, 1e-3, lambda phase, fraction: told.append((phase, fraction)))
    positions = context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    np.testing.assert_allclose(positions, np.tile([1.0, 1.0, 0.0], (10, 1)), atol=1e-2)
    assert {phase for phase, _ in told} == {"minimise"}
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    assert told[0][1] == 0.0
    assert told[-1][1] == 1.0
    assert len(told) > 2


def test_reporting_does_not_change_the_result() -> None:
    silent, told = valley(), valley()
    minimise(silent, 50)
    minimise(told, 50, progress=lambda *_: None)
    assert energy(silent) == energy(told)


def test_error_of_the_callback_ends_it() -> None:
    def refuse(_phase: str, fraction: float) -> None:
        if fraction > 0:
            raise InterruptedError

    context = valley()
    with pytest.raises(InterruptedError):
        minimise(context, 100_000, 1e-9, refuse)
    assert energy(context) > 1e-6
