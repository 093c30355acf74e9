import numpy as np
import openmm
import pytest

from sims.allatom import AllAtomModel, AllAtomOptions, minimise_and_relax
from sims.allatom.relaxation import RelaxationStage
from sims.exceptions import SimulationDiverged

OPTIONS = AllAtomOptions(solvent="implicit")
SHORT = (RelaxationStage(50, 0.001, 1.0), RelaxationStage(50, 0.004, 0.0))


def _relax(assembly, **choices):
    choices = {
        "stages": SHORT,
        "max_iterations": 100,
        "platform": openmm.Platform.getPlatform("Reference"),
        **choices,
    }
    return minimise_and_relax(assembly, OPTIONS, 3, **choices)


def test_a_relaxed_structure_is_lower_in_energy_warm_and_near_its_start(peptide):
    assembly = AllAtomModel(peptide, OPTIONS).solvate(peptide.positions, 1)
    forces = assembly.system.getNumForces()
    state = _relax(assembly)
    context = openmm.Context(
        assembly.system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference")
    )
    context.setPositions(assembly.positions)
    assert state.getPotentialEnergy() < context.getState(energy=True).getPotentialEnergy()
    assert state.getKineticEnergy()._value > 0
    moved = np.linalg.norm(state.getPositions(asNumpy=True)._value - assembly.positions, axis=1)
    assert moved.max() < 0.5
    assert assembly.system.getNumForces() == forces


def test_the_same_seed_gives_the_same_state(peptide):
    assembly = AllAtomModel(peptide, OPTIONS).solvate(peptide.positions, 1)
    first, second = (_relax(assembly).getPositions(asNumpy=True)._value for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_phases_are_reported_in_order_up_to_one(peptide):
    assembly = AllAtomModel(peptide, OPTIONS).solvate(peptide.positions, 1)
    seen = []
    _relax(assembly, progress=lambda phase, fraction: seen.append((phase, fraction)))
    phases = [phase for phase, _ in seen]
    assert list(dict.fromkeys(phases)) == ["minimise", "relax"]
    assert phases == sorted(phases)
    assert all(0 <= fraction <= 1 for _, fraction in seen)
    assert seen[-1] == ("relax", 1.0)


def test_atoms_in_one_place_end_in_one_typed_error(peptide):
    assembly = AllAtomModel(peptide, OPTIONS).solvate(peptide.positions, 1)
    force = openmm.CustomExternalForce("log(-1 - x^2)")
    for index in range(peptide.n_atoms):
        force.addParticle(index)
    assembly.system.addForce(force)
    with pytest.raises(SimulationDiverged):
        _relax(assembly)
