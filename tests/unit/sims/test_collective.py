"""Collective variables: by hand, and blind to moving and turning but not to mirrors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sims.beadnames import find_beads
from sims.collective import KINDS, deviation, make_collective
from sims.martini.beadpdb import BeadLabel

SQUARE = np.array([[[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]])
CHAIN = np.random.default_rng(4).normal(size=(1, 6, 3))


def collective(kind, beads, frames=CHAIN):
    return make_collective(kind, beads, frames.shape[1], frames[0])


def test_by_hand():
    assert collective("distance", [0, 2], SQUARE)(SQUARE) == pytest.approx([np.sqrt(2)])
    assert collective("radius_of_gyration", [], SQUARE)(SQUARE) == pytest.approx([np.sqrt(0.5)])
    assert collective("dihedral", [0, 1, 2, 3], SQUARE)(SQUARE) == pytest.approx([0.0])
    stretched = SQUARE * [2, 1, 1]
    assert collective("rmsd", [], SQUARE)(stretched) == pytest.approx([0.5])


def test_the_sign_of_a_dihedral_is_that_of_the_iupac():
    """Looking along the middle bond, the far bond is turned clockwise by 90 degrees."""
    frame = np.array([[[0.0, 1, 0], [0, 0, 0], [0, 0, 1], [-1, 0, 1]]])
    clockwise = collective("dihedral", [0, 1, 2, 3], frame)
    toward_viewer = frame[0, 0] - frame[0, 1]
    turned = Rotation.from_rotvec([0, 0, np.pi / 2]).apply(toward_viewer)
    np.testing.assert_allclose(turned, frame[0, 3] - frame[0, 2], atol=1e-12)
    assert clockwise(frame) == pytest.approx([90.0])
    assert clockwise(frame * [-1, 1, 1]) == pytest.approx([-90.0])


@pytest.mark.parametrize(
    ("kind", "beads"),
    [("distance", [0, 4]), ("dihedral", [0, 1, 3, 5]), ("radius_of_gyration", []), ("rmsd", [])],
)
@given(seed=st.integers(0, 1000))
def test_moving_and_turning_change_nothing(kind, beads, seed):
    rng = np.random.default_rng(seed)
    frame = CHAIN[0] + rng.normal(scale=0.3, size=CHAIN[0].shape)
    moved = Rotation.random(rng=rng).apply(frame) + rng.normal(scale=5, size=3)
    values = collective(kind, beads)(np.array([frame, moved]))
    assert values[0] == pytest.approx(values[1], abs=1e-7)


def test_a_mirror_image_has_another_dihedral_and_is_not_superposed():
    mirror = CHAIN * [1, 1, -1]
    assert collective("rmsd", [])(CHAIN) == pytest.approx([0.0], abs=1e-7)
    assert collective("rmsd", [])(mirror)[0] > 0.1
    dihedral = collective("dihedral", [0, 1, 2, 3])
    assert dihedral(mirror) == pytest.approx(-dihedral(CHAIN))


def test_rmsd_is_the_least_over_all_rotations():
    frame = CHAIN[0] + np.random.default_rng(1).normal(scale=0.5, size=CHAIN[0].shape)
    moved, fixed = frame - frame.mean(axis=0), CHAIN[0] - CHAIN[0].mean(axis=0)
    _, best = Rotation.align_vectors(fixed, moved)
    assert collective("rmsd", [])(frame[None]) == pytest.approx([best / np.sqrt(len(frame))])


def test_deviation_goes_the_short_way_round():
    assert deviation(np.array([-170.0, 175.0, 0.0]), 180.0, 360.0).tolist() == [10.0, 5.0, 180.0]
    assert deviation(np.array([1.0, 4.0]), 3.0, None).tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("kind", "beads", "told"),
    [
        ("distance", [0, 1, 2], "2 beads, not 3"),
        ("dihedral", [], "4 beads, not 0"),
        ("rmsd", [0, 1], "at least 3"),
        ("distance", [0, 6], "between 0 and 5"),
        ("distance", [1, 1], "differ"),
        ("angle", [0, 1], "'angle'"),
    ],
)
def test_what_does_not_fit_is_refused(kind, beads, told):
    with pytest.raises(ValueError, match=told):
        collective(kind, beads)


def test_every_kind_can_be_made():
    assert {type(collective(kind, list(range(fewest)))).__name__ for kind, (fewest, _) in KINDS.items()} == {
        "Distance",
        "Dihedral",
        "RadiusOfGyration",
        "Rmsd",
    }


LABELS = [
    BeadLabel(name, "ALA", number, chain, 0)
    for chain, number, name in [("A", "1", "BB"), ("A", "2", "BB"), ("A", "2", "SC1"), ("B", "1", "BB")]
]


def test_beads_are_found_by_name_and_number():
    assert find_beads(["A:1:BB", "2:SC1", 4, "B:1:BB"], LABELS) == [0, 2, 3, 3]


@pytest.mark.parametrize(
    ("name", "told"),
    [("1:BB", "names 2 beads"), ("A:2:SC2", "did you mean 'A:2:SC1'"), (0, "1 to 4"), (5, "1 to 4")],
)
def test_a_bead_that_is_not_there_is_told_with_the_nearest(name, told):
    with pytest.raises(ValueError, match=told):
        find_beads([name], LABELS)
