from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sims.exceptions import TopologyError
from sims.martini.beadpdb import BeadLabel, format_pdb, parse_pdb
from sims.martini.model import CoarseModel

LABELS = (
    BeadLabel("BB", "ALA", "52A", "A", 0),
    BeadLabel("SC1", "ALA", "52A", "A", 0),
    BeadLabel("BB", "GLY", "1", "B", 1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(arrays(np.float64, (3, 3), elements=st.floats(-99, 990)))
def test_round_trip_keeps_a_tenth_of_a_picometre(tmp_path: Path, positions: np.ndarray) -> None:
    path = tmp_path / "beads.pdb"
    path.write_text(format_pdb(positions, LABELS))
    assert parse_pdb(path, LABELS) == pytest.approx(positions, abs=0.5001e-4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    arrays(np.float64, (3, 3), elements=st.floats(-99, 990)),
    st.integers(0, 150),
    st.sampled_from(b" -.09xA\n"),
)
def test_our_own_files_are_read_as_any_other_to_the_bit(
    tmp_path: Path, positions: np.ndarray, place: int, byte: int
) -> None:
    path, bonded = tmp_path / "beads.pdb", np.array([[0, 1]])
    data = bytearray(format_pdb(positions, LABELS, bonded).encode())
    for _ in range(2):
        path.write_bytes(data)
        assert outcome(path, bonded) == outcome(path, None)
        data[place] = byte


def outcome(path: Path, bonded: np.ndarray | None) -> bytes | str:
    try:
        return parse_pdb(path, LABELS, bonded).tobytes()
    except TopologyError as error:
        return str(error)


def test_others_can_read_it(trpcage: CoarseModel, tmp_path: Path) -> None:
    path = tmp_path / "beads.pdb"
    trpcage.write_pdb(path, trpcage.positions)
    frame = mdtraj.load_pdb(path)
    assert frame.n_atoms == trpcage.n_beads
    assert frame.xyz[0] == pytest.approx(trpcage.positions, abs=1e-3)
    assert [atom.name for atom in frame.topology.atoms] == list(trpcage.bead_names)
    assert trpcage.read_pdb(path) == pytest.approx(trpcage.positions, abs=1e-4)


def test_residue_numbers_keep_insertion_codes() -> None:
    text = format_pdb(np.zeros((3, 3)), LABELS, np.array([[0, 1]]))
    assert text.splitlines()[0][22:27] == "  52A"
    assert "TER" in text
    assert "CONECT    1    2" in text


def test_a_percent_sign_in_a_label_is_written_as_it_is() -> None:
    text = format_pdb(np.ones((1, 3)), [BeadLabel("B%d", "A%", "1", "%", 0)])
    assert text.splitlines()[0] == "ATOM      1  B%d  A% %   1      10.000  10.000  10.000  1.00  0.00"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("SC1", "SC2"), "SC2 stands where SC1"),
        (lambda text: text.replace("ATOM      3", "REMARK    3"), "has 2 beads; 3 were expected"),
        (lambda text: text + text, "no more"),
        (lambda text: text.replace("   0.000", "   x.000"), "cannot be read"),
        (lambda text: text.replace("   0.000", "     nan"), "not finite"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, change: object, message: str) -> None:
    path = tmp_path / "beads.pdb"
    path.write_text(change(format_pdb(np.zeros((3, 3)), LABELS)))  # type: ignore[operator]
    with pytest.raises(TopologyError, match=message):
        parse_pdb(path, LABELS)


def test_positions_that_cannot_be_written_are_refused() -> None:
    for value in (np.nan, 1000.0, -100.0):
        with pytest.raises(ValueError, match="Bead positions must be finite"):
            format_pdb(np.full((3, 3), value), LABELS)
    with pytest.raises(ValueError, match="do not fit 3 beads"):
        format_pdb(np.zeros((2, 3)), LABELS)
