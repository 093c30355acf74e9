import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.exceptions import StructureError
from sims.structure.pdb import parse_pdb

LINE = "ATOM      2  CA ALYS A  12B     12.345  -1.500   0.001  0.60 10.00           C  "


def test_every_column_is_read():
    (atom,) = parse_pdb(LINE, "x.pdb").atoms
    assert (atom.name, atom.alternate, atom.residue, atom.chain) == ("CA", "A", "LYS", "A")
    assert (atom.number, atom.insertion, atom.position) == (12, "B", (12.345, -1.5, 0.001))
    assert (atom.occupancy, atom.element) == (0.6, "C")


@pytest.mark.parametrize(
    ("name", "element"),
    [(" CA ", "C"), ("CA  ", "CA"), ("1HB ", "H"), ("HG11", "H"), (" OXT", "O"), ("ZN  ", "ZN")],
)
def test_the_element_is_told_from_the_name_when_its_column_is_empty(name, element):
    line = LINE[:12] + name + LINE[16:76] + "    "
    assert parse_pdb(line, "x.pdb").atoms[0].element == element


def test_the_first_model_counts_and_ter_ends_a_segment():
    text = "\n".join(["MODEL 1", LINE, "TER", LINE, "ENDMDL", "MODEL 2", LINE, "ENDMDL"])
    raw = parse_pdb(text, "x.pdb")
    assert raw.models == 2
    assert [atom.segment for atom in raw.atoms] == [0, 1]


def test_unobserved_residues_are_read_from_the_remark():
    header = ["REMARK 465 MISSING RESIDUES", "REMARK 465   M RES C SSSEQI", "REMARK 465     MET A    -1"]
    assert parse_pdb("\n".join([*header, LINE]), "x.pdb").unobserved == [("A", "MET -1")]


@pytest.mark.parametrize("columns", [(22, 26), (30, 38), (46, 54)])
def test_a_line_that_cannot_be_read_is_named_by_its_number(columns):
    start, end = columns
    broken = LINE[:start] + "?" * (end - start) + LINE[end:]
    with pytest.raises(StructureError, match=r"x\.pdb: Line 2"):
        parse_pdb(f"{LINE}\n{broken}", "x.pdb")


@pytest.mark.parametrize("value", ["     nan", "     inf"])
def test_coordinates_must_be_finite(value):
    with pytest.raises(StructureError, match="not finite"):
        parse_pdb(LINE[:30] + value + LINE[38:], "x.pdb")


@given(
    st.lists(st.tuples(st.integers(0, 79), st.characters(codec="latin-1")), max_size=6), st.integers(0, 81)
)
@settings(max_examples=150, deadline=None)
def test_mangled_lines_are_read_or_refused(changes, length):
    line = list(LINE)
    for place, character in changes:
        line[place] = character
    with contextlib.suppress(StructureError):
        parse_pdb("".join(line)[:length], "x.pdb")
