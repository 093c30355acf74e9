"""The protein part of CHARMM36m against the whole file that OpenMM ships, and a relaxation in water."""

import numpy as np
import openmm
import pytest
from openmm.app import ForceField, HBonds, NoCutoff

from sims.allatom import AllAtomModel, AllAtomOptions, minimise_and_relax
from sims.allatom.charmm import charmm36m
from sims.structure import from_sequence


def _terms(system, positions):
    for number, force in enumerate(system.getForces()):
        force.setForceGroup(number)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    return {
        force.getName(): context.getState(energy=True, groups={number}).getPotentialEnergy()._value
        for number, force in enumerate(system.getForces())
    }


def test_every_energy_term_is_that_of_the_whole_force_field():
    structure = from_sequence("ACDEFGHIKLMNPQRSTVWY")
    whole = ForceField("charmm36_2024.xml", "charmm36_2024/water.xml")
    expected, ours = (
        _terms(
            field.createSystem(structure.topology, nonbondedMethod=NoCutoff, constraints=HBonds),
            structure.positions,
        )
        for field in (whole, charmm36m())
    )
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_peptide_relaxes_in_water_to_the_density_and_temperature_asked_for():
    structure = from_sequence("DAK")
    options = AllAtomOptions(padding=0.8)
    assembly = AllAtomModel(structure, options).solvate(structure.positions, 1)
    state = minimise_and_relax(
        assembly,
        options,
        1,
        platform=openmm.Platform.getPlatform("CPU"),
        properties={"Threads": "2"},
        max_iterations=200,
    )
    positions = state.getPositions(asNumpy=True)._value
    assert np.isfinite(positions).all()
    dalton = sum(atom.element.mass._value for atom in assembly.topology.atoms())
    volume = np.prod(np.diag(state.getPeriodicBoxVectors(asNumpy=True)._value))
    assert dalton * 1.66054 / volume == pytest.approx(1010, rel=0.08)
    degrees = 3 * assembly.system.getNumParticles() - assembly.system.getNumConstraints()
    temperature = 2 * state.getKineticEnergy()._value / (degrees * 8.314462618e-3)
    assert temperature == pytest.approx(300, rel=0.06)
