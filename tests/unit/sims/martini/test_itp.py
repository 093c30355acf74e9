from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.exceptions import TopologyError
from sims.martini.itp import read_molecule_types
from sims.martini.topology import Atom, Interaction, VirtualSite

DATA = Path(__file__).parents[3] / "data" / "martini3"

SMALL = """
; a molecule
[ moleculetype ]
small 1
[ atoms ]
1 P2 1 ALA BB 1 0.0
2 TC3 1 ALA SC1 2 -1 36.0 ; with a mass
3 P2 2 GLY BB 3
4 P2 2 GLY X 4 0 0
[ bonds ]
1 2 1 0.27 5000
#ifdef FLEXIBLE
1 3 1 0.35 1000000
#else
[ constraints ]
1 3 1 0.35
#endif
[ angles ]
1 2 3 10 100 25
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "molecule.itp"
    path.write_text(text)
    return path


def test_reads_what_is_there(tmp_path: Path) -> None:
    (molecule,) = read_molecule_types(write(tmp_path, SMALL))
    assert molecule.atoms[0] == Atom("BB", "P2", 1, "ALA", 0.0, None)
    assert molecule.atoms[1] == Atom("SC1", "TC3", 1, "ALA", -1.0, 36.0)
    assert molecule.atoms[2].charge is None
    assert molecule.bonds == (Interaction((0, 1), 1, (0.27, 5000.0)),)
    assert molecule.constraints == (Interaction((0, 2), 1, (0.35,)),)
    assert molecule.angles == (Interaction((0, 1, 2), 10, (100.0, 25.0)),)


def test_defines_switch_conditions(tmp_path: Path) -> None:
    (molecule,) = read_molecule_types(write(tmp_path, SMALL), {"FLEXIBLE"})
    assert len(molecule.bonds) == 2
    assert molecule.constraints == ()


def test_macros_stand_for_their_values(tmp_path: Path) -> None:
    text = "#define bb 0.31 4000\n" + SMALL.replace("0.27 5000", "bb")
    (molecule,) = read_molecule_types(write(tmp_path, text))
    assert molecule.bonds[0].parameters == (0.31, 4000.0)


@pytest.mark.parametrize(
    ("lines", "site"),
    [
        ("[ virtual_sitesn ]\n4 1 1 2 3", VirtualSite(3, (0, 1, 2), (1 / 3, 1 / 3, 1 / 3))),
        ("[ virtual_sitesn ]\n4 2 1 2 3", VirtualSite(3, (0, 1, 2), None)),
        ("[ virtual_sitesn ]\n4 3 1 1.0 2 3.0", VirtualSite(3, (0, 1), (0.25, 0.75))),
        ("[ virtual_sitesn ]\n4 1 1", VirtualSite(3, (0,), (1.0,))),
        ("[ virtual_sites2 ]\n4 1 2 1 0.25", VirtualSite(3, (0, 1), (0.75, 0.25))),
        ("[ virtual_sites3 ]\n4 1 2 3 1 0.25 0.5", VirtualSite(3, (0, 1, 2), (0.25, 0.25, 0.5))),
        ("[ virtual_sites3 ]\n4 1 2 3 4 0.25 0.5 2.0", VirtualSite(3, (0, 1, 2), (0.25, 0.25, 0.5), 2.0)),
    ],
)
def test_virtual_sites(tmp_path: Path, lines: str, site: VirtualSite) -> None:
    (molecule,) = read_molecule_types(write(tmp_path, SMALL + lines))
    assert molecule.virtual_sites == (site,)


def test_position_restraints_behind_a_condition_are_passed_over(tmp_path: Path) -> None:
    text = SMALL + "[ position_restraints ]\n#ifdef POSRES\n1 1 1000 1000 1000\n#endif\n"
    assert read_molecule_types(write(tmp_path, text))
    with pytest.raises(TopologyError, match="POSRES"):
        read_molecule_types(write(tmp_path, text), {"POSRES"})


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[ bonds ]\n1 2 9 0.3 100", "Function type 9"),
        ("[ bonds ]\n1 2 1 0.3", "takes 2 parameters; 1 are given"),
        ("[ bonds ]\n1 2 1 0.3 100 0.3 100", "takes 2 parameters; 4 are given"),
        ("[ bonds ]\n1 1 1 0.3 100", "named twice"),
        ("[ bonds ]\n1 9 1 0.3 100", "Bead 9 does not exist"),
        ("[ bonds ]\n0 1 1 0.3 100", "Bead 0 does not exist"),
        ("[ bonds ]\n1 two 1 0.3 100", "'two' stands where a whole number"),
        ("[ bonds ]\n1 2 1 nan 100", "finite"),
        ("[ bonds ]\n1 2 1 -0.3 100", "must not be negative"),
        ("[ dihedrals ]\n1 2 3 4 11 1 1 1 1 1 1", "Function type 11"),
        ("[ dihedrals ]\n1 2 3 4 1 180 5 1.5", "multiplicity"),
        ("[ pairs ]", r"\[ pairs \] is not supported"),
        ("[ exclusions ]\n1 1", "excluded from itself"),
        ("[ virtual_sitesn ]\n4 2", "at least one bead"),
        ("[ virtual_sitesn ]\n4 1 1\n3 1 4", "virtual site itself"),
        ("[ virtual_sitesn ]\n4 1 1\n4 1 2", "twice"),
        ("[ virtual_sites3 ]\n4 1 2 3 2 0.1 0.1", "Function type 2"),
        ("#include <x.itp>", "#include is not followed"),
        ("#endif", "no #ifdef before it"),
        ("#ifdef X", "not closed"),
        ("[ atoms ]\n7 P2 1 ALA BB 1", "Bead number 7"),
        ("[ atoms ]\n5 P2 1", "needs at least"),
        ("[ bonds", "must end with"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(tmp_path: Path, lines: str, message: str) -> None:
    path = write(tmp_path, SMALL + lines)
    with pytest.raises(TopologyError, match=message) as caught:
        read_molecule_types(path)
    assert caught.value.file == str(path)
    assert caught.value.line == len((SMALL + lines).splitlines())


@pytest.mark.parametrize("text", ["", "; nothing\n", "[ bonds ]\n1 2 1 0.3 100\n", "1 2 3\n"])
def test_a_file_without_molecule_type_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TopologyError, match="moleculetype"):
        read_molecule_types(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.itp"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(TopologyError, match="not text"):
        read_molecule_types(path)


def test_identity_ignores_comments_and_layout(tmp_path: Path) -> None:
    (one,) = read_molecule_types(write(tmp_path, SMALL))
    (two,) = read_molecule_types(write(tmp_path, SMALL.replace("0.27 5000", "  2.7e-1\t5000 ; same")))
    (three,) = read_molecule_types(write(tmp_path, SMALL.replace("0.27 5000", "0.27 5001")))
    assert one.identity == two.identity != three.identity


LINES = (DATA / "trpcage" / "trpcage_0.itp").read_text().splitlines()
WORDS = st.sampled_from(
    ["1", "17", "46", "-3", "0.5", "1e999", "nan", "BB", "[", "]", "[ angles ]", "#ifdef", ";", "\\"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    position=st.integers(15, len(LINES) - 1),
    line=st.one_of(st.lists(WORDS, max_size=9).map(" ".join), st.text(max_size=30)),
    replace=st.booleans(),
)
def test_a_bad_line_never_crashes_otherwise(tmp_path: Path, position: int, line: str, replace: bool) -> None:
    path = tmp_path / "mangled.itp"
    mangled = [*LINES[:position], line, *LINES[position + replace :]]
    path.write_text("\n".join(mangled), encoding="utf-8", errors="replace")
    with suppress(TopologyError):
        assert read_molecule_types(path)
