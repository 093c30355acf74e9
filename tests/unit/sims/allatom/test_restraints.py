import numpy as np
import openmm
import pytest

from sims.allatom import RESTRAINT_STRENGTH, restrain


def _context(system, positions):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    return context


def _energy(context):
    return context.getState(energy=True).getPotentialEnergy()._value


@pytest.fixture
def system():
    system = openmm.System()
    for _ in range(3):
        system.addParticle(12.0)
    return system


def test_the_energy_is_harmonic_and_only_the_named_atoms_are_held(system):
    home = np.array([(0.0, 0, 0), (1.0, 0, 0), (2.0, 0, 0)])
    restrain(system, home, [0, 2], 500.0)
    moved = home + np.array([(0.1, 0.2, 0.0), (5.0, 5.0, 5.0), (0.0, 0.0, 0.3)])
    assert _energy(_context(system, moved)) == pytest.approx(0.5 * 500 * (0.05 + 0.09))


def test_the_strength_can_be_turned_down_to_nothing(system):
    home = np.zeros((3, 3))
    restrain(system, home, range(3), 500.0)
    context = _context(system, home + 0.1)
    full = _energy(context)
    context.setParameter(RESTRAINT_STRENGTH, 250.0)
    assert _energy(context) == pytest.approx(full / 2)
    context.setParameter(RESTRAINT_STRENGTH, 0.0)
    assert _energy(context) == 0


def test_in_a_box_the_nearest_image_counts(system):
    system.setDefaultPeriodicBoxVectors((3, 0, 0), (0, 3, 0), (0, 0, 3))
    force = openmm.NonbondedForce()
    force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    for _ in range(3):
        force.addParticle(0, 1, 0)
    system.addForce(force)
    home = np.array([(0.1, 1.0, 1.0), (0, 0, 0), (0, 0, 0)])
    restrain(system, home, [0], 100.0)
    moved = home + np.array([(2.8, 0, 0), (0, 0, 1), (0, 1, 0)])
    assert _energy(_context(system, moved)) == pytest.approx(0.5 * 100 * 0.04)


@pytest.mark.parametrize(("shape", "k"), [((2, 3), 1.0), ((3, 3), -1.0), ((3, 3), float("nan"))])
def test_what_does_not_fit_is_refused(system, shape, k):
    with pytest.raises(ValueError, match=r"expected|negative"):
        restrain(system, np.zeros(shape), [0], k)
