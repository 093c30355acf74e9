import pytest

from sims.exceptions import StructureError
from sims.structure.cleaning import clean_residues
from sims.structure.records import AtomRecord


def _atom(name, residue="ALA", number=1, alternate="", occupancy=1.0, x=0.0, element=None, segment=0):
    return AtomRecord(
        name, alternate, residue, "A", segment, number, "", (x, 0.0, 0.0), occupancy, element or name[0]
    )


def test_two_amino_acids_in_one_place_the_better_occupied_is_taken():
    atoms = [
        _atom("N", "SER", alternate="A", occupancy=0.4),
        _atom("CA", "SER", alternate="A", occupancy=0.4),
        _atom("N", "PRO", alternate="B", occupancy=0.6),
        _atom("CA", "PRO", alternate="B", occupancy=0.6),
    ]
    ((residue,),), notes = clean_residues(atoms, "x")
    assert residue.name == "PRO"
    assert any("PRO or SER" in note for note in notes)


def test_equal_occupancies_take_the_first_letter():
    atoms = [_atom("CB", alternate=letter, occupancy=0.5, x=x) for letter, x in (("B", 2.0), ("A", 1.0))]
    ((residue,),), _ = clean_residues(atoms, "x")
    assert residue.atoms["CB"][0] == 1.0


@pytest.mark.parametrize(
    ("residue", "hydrogens", "variant"),
    [
        ("HIS", ["HD1"], "HID"),
        ("HIS", ["HE2"], "HIE"),
        ("HIS", ["HD1", "HE2"], "HIP"),
        ("HIS", [], None),
        ("HSE", [], "HIE"),
        ("ASP", ["HA", "HD2"], "ASH"),
        ("ASP", ["HA"], "ASP"),
        ("GLH", [], "GLH"),
        ("LYS", ["HZ1", "HZ2", "HZ3"], "LYS"),
        ("LYS", ["1HZ", "2HZ"], "LYN"),
        ("LYS", [], None),
    ],
)
def test_protonation_is_read_from_hydrogens_and_names(residue, hydrogens, variant):
    atoms = [_atom("N", residue), *(_atom(name, residue, element="H") for name in hydrogens)]
    ((cleaned,),), _ = clean_residues(atoms, "x")
    assert cleaned.variant == variant
    assert list(cleaned.atoms) == ["N"]


def test_two_residues_with_one_number_are_refused():
    with pytest.raises(StructureError, match="ALA 1 of chain A and GLY 1 of chain A share a number"):
        clean_residues([_atom("N"), _atom("CA", "GLY")], "x")
