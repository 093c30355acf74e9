import numpy as np
import pytest

from sims.exceptions import StructureError
from sims.structure.checks import divide_chains, find_clash, trim_ends
from sims.structure.residues import ProteinResidue


def _residue(number, start, lacks=()):
    """A residue along x whose C is 2.4 angstrom behind its N."""
    atoms = {"N": 0.0, "CA": 1.4, "C": 2.4}
    return ProteinResidue(
        "GLY",
        number,
        "",
        "A",
        {name: np.array([start + x, 0, 0]) for name, x in atoms.items() if name not in lacks},
    )


def test_bonded_residues_stay_together_whatever_their_numbers():
    chain = [_residue(1, 0), _residue(2, 3.7), _residue(7, 7.4)]
    assert divide_chains(chain, False, "x") == ([chain], [])


def test_a_break_is_an_error_a_piece_or_a_new_chain():
    chain = [_residue(1, 0), _residue(5, 20)]
    with pytest.raises(StructureError, match=r"GLY 1 of chain A and GLY 5 of chain A \(3 residues missing"):
        divide_chains(chain, False, "x")
    assert [len(piece) for piece in divide_chains(chain, True, "x")[0]] == [1, 1]
    restarted = [_residue(5, 0), _residue(1, 20)]
    assert [len(piece) for piece in divide_chains(restarted, False, "x")[0]] == [1, 1]


def test_incomplete_ends_are_trimmed_and_noted():
    kept, notes = trim_ends([_residue(1, 0, "C"), _residue(2, 3.7), _residue(3, 7.4, ("CA", "C"))], "x")
    assert [residue.number for residue in kept] == [2]
    assert "GLY 1 of chain A, GLY 3 of chain A" in notes[0]


@pytest.mark.parametrize(
    ("distance", "names", "follows", "clashes"),
    [
        (1.6, ("CA", "CA"), set(), True),
        (1.8, ("CA", "CA"), set(), False),
        (1.33, ("C", "N"), {(0, 1)}, False),
        (1.33, ("C", "N"), set(), True),
        (1.33, ("N", "C"), {(0, 1)}, True),
        (0.1, ("C", "N"), {(0, 1)}, True),
    ],
)
def test_which_pairs_may_be_close(distance, names, follows, clashes):
    positions = np.array([(0, 0, 0), (distance, 0, 0)])
    found = find_clash(positions, np.array([0, 1]), names, ["first", "second"], follows)
    assert (found is not None) == clashes
    if found:
        assert found.distance == pytest.approx(distance)
