from __future__ import annotations

import numpy as np
import openmm
import pytest
from numpy.typing import NDArray

from sims.engines.propagator import Propagator, Thermostat

SPRING, MASS = 1000.0, 72.0


def oscillator(thermostat: Thermostat) -> tuple[Propagator, openmm.Context]:
    system = openmm.System()
    force = openmm.CustomExternalForce(f"{SPRING}/2*(x^2+y^2+z^2)")
    for particle in range(5):
        system.addParticle(MASS)
        force.addParticle(particle, [])
    system.addForce(force)
    propagator = Propagator(thermostat, seed=4)
    context = openmm.Context(system, propagator.integrator, openmm.Platform.getPlatformByName("Reference"))
    context.setPositions(np.random.default_rng(4).normal(scale=0.05, size=(5, 3)))
    context.setVelocities(np.random.default_rng(5).normal(scale=0.2, size=(5, 3)))
    return propagator, context


def phase(context: openmm.Context) -> NDArray[np.float64]:
    state = context.getState(positions=True, velocities=True)
    return np.array([state.getPositions(asNumpy=True)._value, state.getVelocities(asNumpy=True)._value])


@pytest.mark.parametrize("pieces", [[40], [1] * 40, [7, 3, 19, 11], [10, 10, 20]])
def test_it_goes_the_same_way_in_whatever_pieces(pieces: list[int]) -> None:
    thermostat = Thermostat(300.0, 1.0, 0.02, interval=10)
    whole, expected = oscillator(thermostat)
    whole.step(0, 40)
    propagator, context = oscillator(thermostat)
    done = 0
    for piece in pieces:
        propagator.step(done, piece)
        done += piece
    np.testing.assert_array_equal(phase(context), phase(expected))
    assert context.getStepCount() == 40


def test_between_couplings_it_is_leapfrog_by_hand() -> None:
    propagator, context = oscillator(Thermostat(300.0, 1.0, 0.02, interval=10))
    x, v = phase(context)
    propagator.step(0, 9)
    for _ in range(9):
        v = v - 0.02 * SPRING / MASS * x
        x = x + 0.02 * v
    np.testing.assert_allclose(phase(context), [x, v], rtol=1e-10)
    propagator.step(9, 1)
    undisturbed = v - 0.02 * SPRING / MASS * x
    assert np.abs(phase(context)[1] - undisturbed).max() > 0.01


def test_without_temperature_the_coupled_step_brakes_for_the_whole_interval() -> None:
    propagator, context = oscillator(Thermostat(0.0, 1.0, 0.02, interval=10))
    propagator.step(0, 9)
    x, v = phase(context)
    propagator.step(9, 1)
    braked = (v - 0.02 * SPRING / MASS * x) * np.exp(-10 * 0.02 * 1.0)
    np.testing.assert_allclose(phase(context)[1], braked, rtol=1e-10)


def test_relaxing_couples_every_step_and_production_comes_back() -> None:
    propagator, context = oscillator(Thermostat(0.0, 1.0, 0.02, interval=10))
    propagator.relax(0.005, friction=10.0)
    x, v = phase(context)
    propagator.step(0, 1)
    np.testing.assert_allclose(phase(context)[1], (v - 0.005 * SPRING / MASS * x) * np.exp(-0.05), rtol=1e-10)
    propagator.produce()
    x, v = phase(context)
    propagator.step(0, 1)
    np.testing.assert_allclose(phase(context)[1], v - 0.02 * SPRING / MASS * x, rtol=1e-10)


def test_an_interval_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        Propagator(Thermostat(300.0, 1.0, 0.02, interval=0), seed=1)
