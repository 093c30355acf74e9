import pytest
from openmm.app import PDBFile, PDBxFile

from sims.exceptions import StructureError
from sims.structure import prepare
from sims.structure.mmcif import parse_mmcif

TABLE = """data_TEST
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.pdbx_PDB_ins_code
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.occupancy
_atom_site.auth_seq_id
_atom_site.auth_asym_id
_atom_site.pdbx_PDB_model_num
ATOM 1 N N . GLY A 1 ? 1.0 2.0 3.0 1.00 101 H 1
ATOM 2 C CA B GLY A 1 C 2.0 2.0 3.0 0.50 101 H 1
ATOM 3 N N . GLY A 1 ? 9.0 9.0 9.0 1.00 101 H 2
"""

UNOBSERVED = """loop_
_pdbx_unobs_or_zero_occ_residues.PDB_model_num
_pdbx_unobs_or_zero_occ_residues.polymer_flag
_pdbx_unobs_or_zero_occ_residues.auth_asym_id
_pdbx_unobs_or_zero_occ_residues.auth_comp_id
_pdbx_unobs_or_zero_occ_residues.auth_seq_id
1 Y H MET 99
1 Y H SER 100
"""


def test_the_authors_names_and_the_first_model_are_read():
    raw = parse_mmcif(TABLE + UNOBSERVED, "x.cif")
    assert raw.models == 2
    assert [(atom.chain, atom.number, atom.insertion, atom.alternate) for atom in raw.atoms] == [
        ("H", 101, "", ""),
        ("H", 101, "C", "B"),
    ]
    assert raw.unobserved == [("H", "MET 99"), ("H", "SER 100")]


def test_an_mmcif_file_gives_the_same_molecule_as_its_pdb_twin(structures, tmp_path):
    pdb = PDBFile(str(structures / "3i40.pdb"))
    with (tmp_path / "3i40.cif").open("w") as file:
        PDBxFile.writeFile(pdb.topology, pdb.positions, file, keepIds=True)
    of_cif, of_pdb = prepare(tmp_path / "3i40.cif"), prepare(structures / "3i40.pdb")
    assert of_cif.sequence == of_pdb.sequence
    assert of_cif.residue_labels == of_pdb.residue_labels
    assert of_cif.disulfides == of_pdb.disulfides
    assert abs(of_cif.positions - of_pdb.positions).max() < 0.02


@pytest.mark.parametrize(
    "text",
    [
        "data_X\n_cell.length_a 1\n",
        "data_X\nloop_\n_atom_site.id\n",
        "loop_ broken 'quote",
        TABLE.replace("2.0 2.0", "? 2.0"),
    ],
)
def test_a_broken_file_is_refused(text):
    with pytest.raises(StructureError, match=r"x\.cif"):
        parse_mmcif(text, "x.cif")
