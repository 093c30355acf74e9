import pytest

from sims.structure import charmm_residue_names, from_sequence, prepare, residue_label


@pytest.mark.parametrize(
    ("ph", "names"),
    [
        (7.0, {"HSD", "ASP", "GLU", "LYS"}),
        (2.0, {"HSP", "ASPP", "GLUP", "LYS"}),
        (12.0, {"HSD", "ASP", "GLU", "LSN"}),
    ],
)
def test_charmm_names_tell_protonation(ph, names):
    structure = from_sequence("GHDEKG", ph=ph)
    assert set(charmm_residue_names(structure.topology)) - {"GLY"} == names


def test_both_neutral_histidines_are_told_apart(heavy_trpcage, write_pdb):
    lines = [
        line.replace("TYR", "HIE")
        for line in heavy_trpcage
        if line[17:20] != "TYR" or line[12:16].strip() in ("N", "CA", "C", "O", "CB")
    ]
    structure = prepare(write_pdb(lines))
    assert charmm_residue_names(structure.topology)[2] == "HSE"


def test_labels_name_insertion_codes(heavy_trpcage, write_pdb):
    lines = [line[:22] + f"{4:4d}B" + line[27:] if line[22:26] == "   5" else line for line in heavy_trpcage]
    structure = prepare(write_pdb(lines))
    assert [residue_label(residue) for residue in structure.topology.residues()][3:6] == [
        "ILE 4 of chain A",
        "GLN 4B of chain A",
        "TRP 6 of chain A",
    ]
