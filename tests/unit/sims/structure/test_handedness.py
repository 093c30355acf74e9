import numpy as np
import pytest
from openmm.app import PDBFile

from sims.structure.handedness import chiral_volume, mirrored_centres, place_hydrogens


@pytest.fixture
def crystal(structures):
    return PDBFile(str(structures / "4pti.pdb"))


def _atoms(residue, positions):
    return {atom.name: positions[atom.index] for atom in residue.atoms()}


def test_a_crystal_structure_has_no_mirrored_centre_and_its_mirror_image_has_all(crystal):
    positions = crystal.getPositions(asNumpy=True)._value
    for residue in crystal.topology.residues():
        assert mirrored_centres(residue.name, _atoms(residue, positions)) == []
        wrong = mirrored_centres(residue.name, _atoms(residue, positions * (-1, 1, 1)))
        expected = [] if residue.name in ("GLY", "HOH") else ["CA"]
        assert wrong == expected + (["CB"] if residue.name in ("ILE", "THR") else [])


def test_the_volume_of_a_tetrahedron_is_known():
    corners = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1)], dtype=float)
    assert abs(chiral_volume(np.zeros(3), *corners)) == pytest.approx(4 / 3**1.5)


def test_a_hydrogen_on_the_wrong_side_is_moved_and_no_other_atom(trpcage):
    pdb = PDBFile(str(trpcage))
    positions = np.array(pdb.getPositions(asNumpy=True)._value)
    atoms = {(atom.residue.index, atom.name): atom.index for atom in pdb.topology.atoms()}
    wrong = positions.copy()
    carbon, hydrogen = atoms[3, "CA"], atoms[3, "HA"]
    wrong[hydrogen] = 2 * positions[carbon] - positions[hydrogen]
    placed = place_hydrogens(pdb.topology, wrong)
    assert np.linalg.norm(placed[hydrogen] - positions[hydrogen]) < 0.02
    others = np.arange(len(positions)) != hydrogen
    np.testing.assert_array_equal(placed[others], wrong[others])
    np.testing.assert_array_equal(place_hydrogens(pdb.topology, positions), positions)
