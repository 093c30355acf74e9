import itertools

import numpy as np
import pytest
from openmm.app import element
from scipy.spatial import cKDTree

from sims.exceptions import StructureError
from sims.structure import from_sequence
from sims.structure.handedness import mirrored_centres

ALL = "ACDEFGHIKLMNPQRSTVWY"


def _dihedral(a, b, c, d):
    first, second, third = b - a, c - b, d - c
    normal, other = np.cross(first, second), np.cross(second, third)
    return np.degrees(
        np.arctan2(np.dot(np.cross(normal, other), second / np.linalg.norm(second)), normal @ other)
    )


def test_all_amino_acids_come_out_left_handed_trans_and_apart():
    structure = from_sequence(ALL + ALL[::-1])
    assert structure.sequence == ALL + ALL[::-1]
    positions = structure.positions
    residues = [
        {atom.name: positions[atom.index] for atom in r.atoms()} for r in structure.topology.residues()
    ]
    for residue, atoms in zip(structure.topology.residues(), residues, strict=True):
        assert mirrored_centres(residue.name, atoms) == []
    for before, after in itertools.pairwise(residues):
        assert np.linalg.norm(after["N"] - before["C"]) == pytest.approx(0.133, abs=0.002)
        assert abs(_dihedral(before["CA"], before["C"], after["N"], after["CA"])) > 175
    heavy = [atom for atom in structure.topology.atoms() if atom.element is not element.hydrogen]
    close = cKDTree(positions[[atom.index for atom in heavy]]).query_pairs(0.22)
    apart = [
        (heavy[i], heavy[j]) for i, j in close if abs(heavy[i].residue.index - heavy[j].residue.index) > 1
    ]
    assert apart == []


def test_bonds_have_the_lengths_of_bonds():
    structure = from_sequence("WRYFMHPKITVLGSCDENQA")
    for first, second in structure.topology.bonds():
        length = np.linalg.norm(structure.positions[first.index] - structure.positions[second.index])
        assert 0.085 < length < 0.19, (first, second)


def test_chains_case_and_repeatability():
    structure = from_sequence("gavl:ACDE:WW")
    assert structure.sequence == "GAVL:ACDE:WW"
    assert [chain.id for chain in structure.topology.chains()] == ["A", "B", "C"]
    np.testing.assert_array_equal(structure.positions, from_sequence("GAVL:ACDE:WW").positions)


def test_neighbouring_cysteines_make_no_disulfide():
    structure = from_sequence("CCCCCCCCCC")
    assert structure.disulfides == ()
    assert sum(atom.name == "HG" for atom in structure.topology.atoms()) == 10


def test_a_long_chain_stays_compact_enough_for_a_box():
    structure = from_sequence("MQIFVKTLTGKTITLEVEPSDTIENVKAKI" * 2)
    assert np.ptp(structure.positions, axis=0).max() < 9.0


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("GAVXL", "Letter 'X' at position 4 of chain 1"),
        ("GAVL:GB", "Letter 'B' at position 2 of chain 2"),
        ("GA VL", "Letter ' ' at position 3"),
        ("", "Chain 1 of the sequence has 0 residues"),
        ("GAVL:", "Chain 2 of the sequence has 0 residues"),
        ("G", "Chain 1 of the sequence has 1 residue"),
        ("A" * 2000, "2000 residues"),
    ],
)
def test_what_cannot_be_built_is_named(sequence, message):
    with pytest.raises(StructureError, match=message):
        from_sequence(sequence)
