import json
from typing import Any

import mdtraj
import numpy as np
import pytest
from conformance.hinge import hinge_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.exceptions import FeatureError
from models.features import BeadFeatures, featurizer_from_definition

CHAIN = list(range(20))


@pytest.fixture(scope="module")
def chain() -> BeadFeatures:
    return BeadFeatures.for_molecule(20, [CHAIN])


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    shift=st.tuples(*[st.floats(-500, 500)] * 3),
    turn=st.integers(0, 2**32 - 1),
)
def test_moving_and_turning_changes_nothing(seed: int, shift: tuple[float, ...], turn: int) -> None:
    featurizer = BeadFeatures.for_molecule(20, [CHAIN])
    frames = hinge_frames(3, seed).positions.astype(np.float64)
    rotation = Rotation.random(rng=np.random.default_rng(turn)).as_matrix()
    moved = frames @ rotation.T + np.asarray(shift)
    np.testing.assert_allclose(featurizer.transform(moved), featurizer.transform(frames), atol=1e-4)


def test_a_mirror_is_noticed_by_the_sines_alone(chain: BeadFeatures) -> None:
    frames = hinge_frames(5, 1).positions
    there, mirrored = chain.transform(frames), chain.transform(frames * [1, 1, -1])
    n_even = len(chain.pairs) + len(chain.dihedrals)
    np.testing.assert_allclose(mirrored[:, :n_even], there[:, :n_even], atol=1e-5)
    np.testing.assert_allclose(mirrored[:, n_even:], -there[:, n_even:], atol=1e-5)
    assert np.abs(there[:, n_even:]).max() > 0.5


def test_features_agree_with_mdtraj(chain: BeadFeatures) -> None:
    frames = hinge_frames(300, 2).positions
    topology = mdtraj.Topology()
    residues = topology.add_chain()
    for _ in CHAIN:
        topology.add_atom("BB", mdtraj.element.carbon, topology.add_residue("ALA", residues))
    trajectory = mdtraj.Trajectory(frames, topology)
    proximities = 1 / (1 + mdtraj.compute_distances(trajectory, chain.pairs))
    angles = mdtraj.compute_dihedrals(trajectory, chain.dihedrals)
    expected = np.concatenate([proximities, np.cos(angles), np.sin(angles)], axis=1)
    features = chain.transform(frames)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=2e-4)


def test_every_distant_pair_and_every_dihedral_of_a_small_chain_is_followed(chain: BeadFeatures) -> None:
    assert {tuple(pair) for pair in chain.pairs} == {(i, j) for i in CHAIN for j in CHAIN if j - i >= 3}
    assert chain.dihedrals.tolist() == [[i, i + 1, i + 2, i + 3] for i in range(17)]


def test_dihedrals_stop_at_the_ends_of_a_chain() -> None:
    featurizer = BeadFeatures.for_molecule(20, [CHAIN[:10], CHAIN[10:]])
    assert not [quartet for quartet in featurizer.dihedrals.tolist() if quartet[0] < 10 <= quartet[-1]]
    assert [9, 10] in featurizer.pairs.tolist(), "neighbours in the list, but of two chains"


def test_side_chains_of_near_residues_are_left_out() -> None:
    backbone, side_chains = list(range(0, 20, 2)), list(range(1, 20, 2))
    featurizer = BeadFeatures.for_molecule(20, [backbone], side_chains)
    followed = [pair for pair in featurizer.pairs.tolist() if pair[0] in side_chains]
    assert followed
    assert all(later - earlier >= 6 for earlier, later in followed)


def test_a_large_molecule_is_followed_evenly_and_within_limits() -> None:
    backbone = [list(range(0, 1200, 2)), list(range(1200, 2000, 2))]
    featurizer = BeadFeatures.for_molecule(
        2000, backbone, list(range(1, 2000, 2)), max_pairs=400, max_dihedrals=100
    )
    assert len(featurizer.pairs) == 400
    assert len(np.unique(featurizer.pairs, axis=0)) == 400
    assert len(featurizer.dihedrals) == 100
    assert (featurizer.pairs % 2 == 1).all(axis=1).sum() == 100
    touched, _ = np.histogram(featurizer.pairs, bins=10, range=(0, 2000))
    assert touched.min() > 0.5 * touched.mean()
    again = BeadFeatures.for_molecule(
        2000, backbone, list(range(1, 2000, 2)), max_pairs=400, max_dihedrals=100
    )
    assert again.definition() == featurizer.definition()


@pytest.mark.parametrize(
    ("n_beads", "chains", "sides"), [(2, [[0, 1]], []), (3, [[0]], [1, 2]), (4, [], [0, 1, 2, 3])]
)
def test_small_molecules_have_features_too(n_beads: int, chains: list[list[int]], sides: list[int]) -> None:
    if n_beads == 3:
        with pytest.raises(FeatureError, match="No pair"):
            BeadFeatures.for_molecule(n_beads, chains, sides)
        return
    featurizer = BeadFeatures.for_molecule(n_beads, chains, sides)
    assert np.isfinite(featurizer.transform(np.random.default_rng(0).normal(size=(2, n_beads, 3)))).all()


def test_the_definition_survives_json(chain: BeadFeatures) -> None:
    again = featurizer_from_definition(json.loads(json.dumps(chain.definition())))
    frames = hinge_frames(4, 3).positions
    assert again.definition() == chain.definition()
    np.testing.assert_array_equal(again.transform(frames), chain.transform(frames))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"pairs": [[0, 20]]},
        {"pairs": [[-1, 2]]},
        {"pairs": [[0, 1, 2]]},
        {"pairs": "text"},
        {"pairs": [], "dihedrals": []},
        {"soft_distance": 0},
        {"soft_distance": float("nan")},
        {"n_beads": None},
        {"extra": 1},
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(chain: BeadFeatures, change: dict[str, Any]) -> None:
    with pytest.raises(FeatureError):
        featurizer_from_definition(chain.definition() | change)


@pytest.mark.parametrize("chains", [[[0, 1, 2, 2]], [[0, 1], [1, 2]], [[0, 1, 2, 3, 99]]])
def test_impossible_chains_are_refused(chains: list[list[int]]) -> None:
    with pytest.raises(FeatureError):
        BeadFeatures.for_molecule(20, chains)


def test_frames_that_do_not_fit_are_refused(chain: BeadFeatures) -> None:
    with pytest.raises(FeatureError, match="20, 3"):
        chain.transform(np.zeros((2, 19, 3)))
    broken = hinge_frames(600, 4).positions
    broken[517, 3, 1] = np.nan
    with pytest.raises(FeatureError, match="Frame 517"):
        chain.transform(broken)


def test_no_frames_make_no_features(chain: BeadFeatures) -> None:
    assert chain.transform(np.zeros((0, 20, 3))).shape == (0, chain.n_features)


def test_beads_in_one_line_or_one_point_stay_finite(chain: BeadFeatures) -> None:
    line = np.zeros((1, 20, 3))
    line[0, :, 0] = np.arange(20)
    assert np.isfinite(chain.transform(np.concatenate([line, np.zeros_like(line)]))).all()
