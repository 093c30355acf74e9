from pathlib import Path

import numpy as np
import pytest

from sims.exceptions import StructureError
from sims.structure import Structure, prepare


@pytest.fixture(scope="module")
def insulin():
    return prepare(Path(__file__).parents[3] / "data" / "structures" / "3i40.pdb")


def _bonds(structure):
    return sorted(tuple(sorted((a.index, b.index))) for a, b in structure.topology.bonds())


def test_a_written_structure_reads_back_the_same(insulin, tmp_path):
    insulin.write(tmp_path / "protein.pdb")
    again = Structure.read(tmp_path / "protein.pdb")
    assert [a.name for a in again.topology.atoms()] == [a.name for a in insulin.topology.atoms()]
    assert again.residue_labels == insulin.residue_labels
    assert again.sequence == insulin.sequence == "GIVEQCCTSICSLYQLENYCN:FVNQHLCGSHLVEALYLVCGERGFFYTPKA"
    assert again.notes == insulin.notes
    assert again.disulfides == insulin.disulfides
    assert _bonds(again) == _bonds(insulin)
    np.testing.assert_allclose(again.positions, insulin.positions, atol=0.51e-4)


def test_disulfides_survive_a_conformation_in_which_the_sulfurs_are_far_apart(insulin, tmp_path):
    stretched = insulin.with_positions(insulin.positions * 3)
    stretched.write(tmp_path / "protein.pdb")
    assert Structure.read(tmp_path / "protein.pdb").disulfides == insulin.disulfides


def test_an_existing_file_is_replaced_whole_and_nothing_else_is_left(insulin, tmp_path):
    path = tmp_path / "protein.pdb"
    path.write_text("old")
    insulin.write(path)
    assert Structure.read(path).n_atoms == insulin.n_atoms
    assert list(tmp_path.iterdir()) == [path]


def test_positions_must_fit(insulin):
    with pytest.raises(StructureError, match="shape"):
        insulin.with_positions(insulin.positions[1:])
    broken = insulin.positions.copy()
    broken[7, 1] = np.nan
    with pytest.raises(StructureError, match="atom 7 is not finite"):
        insulin.with_positions(broken)


def test_positions_cannot_be_changed_in_place(insulin):
    with pytest.raises(ValueError, match="read-only"):
        insulin.positions[0, 0] = 1.0


@pytest.mark.parametrize("content", ["", "no structure", "ATOM   broken line"])
def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "protein.pdb"
    path.write_text(content)
    with pytest.raises(StructureError, match=r"protein\.pdb"):
        Structure.read(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(StructureError, match=r"absent\.pdb"):
        Structure.read(tmp_path / "absent.pdb")
