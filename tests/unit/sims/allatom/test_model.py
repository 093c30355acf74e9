from pathlib import Path

import numpy as np
import openmm
import pytest
from openmm.app import NoCutoff

from sims.allatom import AllAtomModel, AllAtomOptions
from sims.allatom.charmm import charmm36m
from sims.exceptions import StructureError
from sims.structure import from_sequence, prepare

ALL = "ACDEFGHIKLMNPQRSTVWY"


def _charge(system):
    force = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
    return sum(force.getParticleParameters(i)[0]._value for i in range(force.getNumParticles()))


def _names(topology, count):
    return [(atom.name, atom.residue.name, atom.residue.id) for atom in topology.atoms()][:count]


def test_the_solute_comes_first_and_in_order(peptide, in_water):
    assert in_water.n_solute == peptide.n_atoms
    assert _names(in_water.topology, peptide.n_atoms) == _names(peptide.topology, peptide.n_atoms)
    solute = in_water.positions[: peptide.n_atoms]
    shift = solute[0] - peptide.positions[0]
    np.testing.assert_allclose(solute, peptide.positions + shift, atol=1e-9)
    assert in_water.system.getNumParticles() == len(in_water.positions) == in_water.topology.getNumAtoms()


def test_the_box_is_neutral_salty_and_holds_the_padding(peptide, in_water):
    assert in_water.periodic
    assert _charge(in_water.system) == pytest.approx(0, abs=1e-6)
    counts = {name: sum(r.name == name for r in in_water.topology.residues()) for name in ("HOH", "NA", "CL")}
    assert counts["NA"] == counts["CL"] == round((counts["HOH"] + counts["NA"] + counts["CL"]) / 55.4)
    edge = in_water.topology.getUnitCellDimensions()._value[0]
    solute = in_water.positions[: in_water.n_solute]
    assert solute.min() >= 0.65
    assert solute.max() <= edge - 0.65


def test_the_density_is_that_of_water(peptide, in_water):
    dalton = sum(atom.element.mass._value for atom in in_water.topology.atoms())
    volume = np.prod(in_water.topology.getUnitCellDimensions()._value)
    assert dalton * 1.66054 / volume == pytest.approx(1000, rel=0.12)


@pytest.mark.parametrize("ph", [2.0, 12.0])
def test_both_force_fields_know_every_residue_at_every_place(ph):
    structure = from_sequence(":".join([f"{letter}H{letter}" for letter in ALL]), ph=ph)
    implicit = (
        AllAtomModel(structure, AllAtomOptions(solvent="implicit")).solvate(structure.positions, 0).system
    )
    explicit = charmm36m().createSystem(structure.topology, nonbondedMethod=NoCutoff)
    assert _charge(implicit) == pytest.approx(round(_charge(implicit)), abs=1e-4)
    assert _charge(implicit) == pytest.approx(_charge(explicit), abs=1e-4)


def test_disulfides_are_bonded_in_both_force_fields():
    structure = prepare(Path(__file__).parents[3] / "data" / "structures" / "3i40.pdb")
    assert len(structure.disulfides) == 3
    implicit = (
        AllAtomModel(structure, AllAtomOptions(solvent="implicit")).solvate(structure.positions, 0).system
    )
    for system in (implicit, charmm36m().createSystem(structure.topology, nonbondedMethod=NoCutoff)):
        force = next(force for force in system.getForces() if isinstance(force, openmm.HarmonicBondForce))
        bonds = {tuple(sorted(force.getBondParameters(i)[:2])) for i in range(force.getNumBonds())}
        assert set(structure.disulfides) <= bonds


def test_implicit_solvent_keeps_positions_and_masses_hydrogens(peptide):
    assembly = AllAtomModel(peptide, AllAtomOptions(solvent="implicit")).solvate(peptide.positions, 0)
    np.testing.assert_array_equal(assembly.positions, peptide.positions)
    assert not assembly.periodic
    masses = [
        assembly.system.getParticleMass(atom.index)._value
        for atom in peptide.topology.atoms()
        if atom.name == "HA"
    ]
    assert masses == [3.0, 3.0, 3.0]
    total = sum(assembly.system.getParticleMass(i)._value for i in range(peptide.n_atoms))
    assert total == pytest.approx(sum(atom.element.mass._value for atom in peptide.topology.atoms()))


def test_each_assembly_has_a_system_of_its_own(peptide):
    model = AllAtomModel(peptide, AllAtomOptions(solvent="implicit"))
    first, second = (model.solvate(peptide.positions, 0) for _ in range(2))
    before = second.system.getNumForces()
    first.system.addForce(openmm.CustomExternalForce("x"))
    assert second.system.getNumForces() == before == model.solvate(peptide.positions, 0).system.getNumForces()


def test_positions_of_another_molecule_are_refused(peptide):
    with pytest.raises(StructureError, match="shape"):
        AllAtomModel(peptide, AllAtomOptions(solvent="implicit")).solvate(peptide.positions[:-1], 0)
