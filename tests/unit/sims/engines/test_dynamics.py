from __future__ import annotations

import numpy as np
import openmm
import pytest

from sims.engines.dynamics import LADDER, Dynamics, Rung, Thermostat
from sims.exceptions import SimulationDiverged
from sims.platforms import choose_platform

GAS = 0.00831446261815324
SPRING, MASS, PARTICLES = 1000.0, 72.0, 40


def oscillators(timestep: float = 0.02, seed: int = 3) -> Dynamics:
    """Independent harmonic oscillators, whose every average is known."""
    system = openmm.System()
    force = openmm.CustomExternalForce(f"{SPRING}/2*(x^2+y^2+z^2)")
    for particle in range(PARTICLES):
        system.addParticle(MASS)
        force.addParticle(particle, [])
    system.addForce(force)
    thermostat = Thermostat(300.0, 1.0, timestep)
    dynamics = Dynamics(system, thermostat, choose_platform("Reference"), seed)
    dynamics.place(np.random.default_rng(seed).normal(scale=0.3, size=(PARTICLES, 3)))
    return dynamics


def test_minimisation_finds_the_minimum() -> None:
    dynamics = oscillators()
    dynamics.minimise(1000, tolerance=0.01)
    np.testing.assert_allclose(dynamics.positions(), 0.0, atol=1e-4)


def test_relaxation_climbs_to_the_production_step_and_counts_nothing() -> None:
    dynamics = oscillators()
    told: list[float] = []
    dynamics.minimise(1000)
    dynamics.relax(LADDER, lambda _, fraction: told.append(fraction))
    dynamics.begin()
    assert dynamics.step == 0
    assert told == sorted(told)
    assert told[-1] == 1.0
    state = dynamics.state()
    assert state.getStepCount() == 0
    dynamics.advance(7)
    assert dynamics.state().getStepCount() == 7
    assert dynamics.state().getTime().value_in_unit(openmm.unit.picosecond) == pytest.approx(0.14)


def test_rungs_longer_than_the_production_step_are_left_out() -> None:
    dynamics = oscillators(timestep=0.004)
    told: list[float] = []
    dynamics.relax([Rung(250, 0.002), Rung(250, 0.010)], lambda _, fraction: told.append(fraction))
    assert told == [1.0]


@pytest.mark.parametrize("interlude", [lambda one: one.relax([Rung(50, 0.005)]), Dynamics.renew_velocities])
def test_production_has_its_own_step_and_friction_again_after_an_interlude(interlude) -> None:
    dynamics = oscillators()
    interlude(dynamics)
    origin = np.zeros((PARTICLES, 3))
    # Fast enough that one step's noise is small beside them, too slow to pass for a divergence.
    thrown = np.full((PARTICLES, 3), 4 * np.sqrt(GAS * 300.0 / MASS))
    dynamics.place(origin)
    dynamics.move(thrown)
    dynamics.advance(1)
    left = dynamics.velocities() / thrown
    assert left.mean() == pytest.approx(np.exp(-0.02), abs=0.03)
    moved = dynamics.positions() / thrown
    assert moved.mean() == pytest.approx(0.02 * (1 + np.exp(-0.02)) / 2, abs=5e-4)


def test_positions_and_velocities_are_canonical() -> None:
    dynamics = oscillators()
    dynamics.relax([Rung(2000, 0.02)])
    dynamics.begin()
    spread, temperatures = [], []
    for _ in range(1500):
        dynamics.advance(40)
        spread.append(np.mean(dynamics.positions() ** 2))
        temperatures.append(dynamics.temperature())
    # 120 coordinates, over 600 correlation times: a relative error of sqrt(2 / 120 / 600) = 0.5 %.
    assert np.mean(spread) == pytest.approx(GAS * 300.0 / SPRING, rel=0.02)
    assert np.mean(temperatures) == pytest.approx(300.0, rel=0.02)


def test_drawn_velocities_have_the_temperature_and_depend_on_the_seed() -> None:
    first, second = oscillators(seed=3), oscillators(seed=4)
    temperatures = []
    for dynamics in (first, second):
        dynamics.draw_velocities()
        temperatures.append(dynamics.temperature())
    assert temperatures[0] != temperatures[1]
    np.testing.assert_allclose(temperatures, 300.0, rtol=4 * np.sqrt(2 / (3 * PARTICLES)))


def test_thermostat_noise_is_not_repeated_after_a_restart() -> None:
    dynamics = oscillators()
    dynamics.draw_velocities()
    dynamics.begin()
    state = dynamics.state()
    kicks = []
    for step in (0, 50):
        dynamics.step = step
        dynamics.reseed()
        dynamics._context.setState(state)
        dynamics.advance(1)
        kicks.append(dynamics.positions())
    assert not np.array_equal(kicks[0], kicks[1])


def test_rescue_relaxes_with_other_velocities_at_the_same_step() -> None:
    dynamics = oscillators()
    dynamics.draw_velocities()
    dynamics.begin()
    dynamics.advance(30)
    state = dynamics.state()
    dynamics.advance(30)
    dynamics.rescue(state)
    assert dynamics.step == 30
    dynamics.advance(1)
    assert dynamics.state().getTime().value_in_unit(openmm.unit.picosecond) == pytest.approx(0.62)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e4])
def test_divergence_is_noticed_with_its_step(value: float) -> None:
    dynamics = oscillators()
    dynamics.draw_velocities()
    dynamics.begin()
    dynamics.advance(10)
    positions = dynamics.positions()
    positions[0, 0] = value
    dynamics.place(positions)
    with pytest.raises(SimulationDiverged) as caught:
        dynamics.advance(20)
    assert caught.value.step == 30


def test_fixed_particles_and_constraints_do_not_count_as_degrees_of_freedom() -> None:
    system = openmm.System()
    for mass in (0.0, 10.0, 10.0, 10.0):
        system.addParticle(mass)
    system.addConstraint(1, 2, 0.1)
    system.addForce(openmm.CMMotionRemover())
    dynamics = Dynamics(system, Thermostat(300.0, 1.0, 0.002), choose_platform("Reference"), 1)
    assert dynamics._freedom == 9 - 1 - 3
