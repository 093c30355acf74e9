import copy

import numpy as np
import openmm
import pytest
from openmm.app import PME, HBonds

from sims.allatom.charmm import charmm36m
from sims.allatom.folding import fold_lennard_jones


def _measured(system, positions):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    state = context.getState(energy=True, forces=True)
    return state.getPotentialEnergy()._value, state.getForces(asNumpy=True)._value


@pytest.fixture(scope="module")
def tabulated(in_water):
    return charmm36m().createSystem(
        in_water.topology, nonbondedMethod=PME, nonbondedCutoff=1.2, switchDistance=1.0, constraints=HBonds
    )


def test_energies_and_forces_stay_the_same(tabulated, in_water):
    folded = copy.deepcopy(tabulated)
    assert fold_lennard_jones(folded)
    names = [force.getName() for force in folded.getForces()]
    assert "LennardJones" not in names
    assert "NBFIX" in names
    energy, forces = _measured(tabulated, in_water.positions)
    folded_energy, folded_forces = _measured(folded, in_water.positions)
    assert folded_energy == pytest.approx(energy, abs=0.01)
    scale = np.abs(forces).max()
    np.testing.assert_allclose(folded_forces, forces, atol=1e-6 * scale)


def test_special_pairs_are_felt(tabulated, in_water):
    """Sodium beside chloride: the pair has parameters of its own, which the fold must keep."""
    folded = copy.deepcopy(tabulated)
    fold_lennard_jones(folded)
    ions = {
        atom.residue.name: atom.index
        for atom in in_water.topology.atoms()
        if atom.residue.name in ("NA", "CL")
    }
    positions = in_water.positions.copy()
    positions[ions["NA"]] = positions[ions["CL"]] + (0.26, 0, 0)
    assert _measured(folded, positions)[0] == pytest.approx(
        _measured(tabulated, positions)[0], abs=0.01, rel=1e-9
    )


def test_a_system_without_the_tabulated_term_is_left_alone():
    system = openmm.System()
    system.addForce(openmm.NonbondedForce())
    assert not fold_lennard_jones(system)
    assert system.getNumForces() == 1
