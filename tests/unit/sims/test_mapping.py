from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sims.exceptions import TopologyError
from sims.mapping import BeadMapping


@pytest.fixture
def mapping() -> BeadMapping:
    """Bead 0 is the centre of atoms 0 and 1, bead 1 lies between 1 and 3 as 1 to 3; atom 2 is in no bead."""
    return BeadMapping.from_weights([(0, 0, 2.0), (0, 1, 2.0), (1, 1, 12.0), (1, 3, 36.0)], 2, 4)


def test_beads_are_weighted_means(mapping: BeadMapping) -> None:
    xyz = np.array([[0, 0, 0], [1, 0, 0], [9, 9, 9], [1, 4, 0]], dtype=float)
    assert mapping.apply(xyz).tolist() == [[0.5, 0, 0], [1, 3, 0]]
    assert mapping.atoms_of(1).tolist() == [1, 3]


def test_a_trajectory_is_mapped_as_its_frames_are(mapping: BeadMapping) -> None:
    frames = np.random.default_rng(1).normal(size=(7, 4, 3)).astype(np.float32)
    beads = mapping.apply(frames)
    assert beads.shape == (7, 2, 3)
    assert beads.dtype == np.float32
    for frame, mapped in zip(frames, beads, strict=True):
        assert mapping.apply(frame) == pytest.approx(mapped, abs=1e-7)
    assert mapping.apply(frames[:0]).shape == (0, 2, 3)


def test_mapping_moves_with_the_molecule(mapping: BeadMapping) -> None:
    xyz = np.random.default_rng(2).normal(size=(4, 3))
    rotation = Rotation.random(rng=np.random.default_rng(3))
    shift = np.array([1.0, -2.0, 3.0])
    moved = rotation.apply(xyz) + shift
    assert mapping.apply(moved) == pytest.approx(rotation.apply(mapping.apply(xyz)) + shift, abs=1e-6)


def test_large_coordinates_keep_their_precision(mapping: BeadMapping) -> None:
    xyz = np.array([[0, 0, 0], [1, 0, 0], [9, 9, 9], [1, 4, 0]], dtype=float)
    assert mapping.apply(xyz + 500.0) == pytest.approx(mapping.apply(xyz) + 500.0, abs=5e-5)


def test_saved_and_loaded_it_is_the_same(mapping: BeadMapping, tmp_path: Path) -> None:
    mapping.save(tmp_path / "mapping.npz")
    loaded = BeadMapping.load(tmp_path / "mapping.npz")
    assert (loaded.matrix != mapping.matrix).nnz == 0
    assert (loaded.n_beads, loaded.n_atoms) == (2, 4)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 truncated"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mapping.npz"
    path.write_bytes(content)
    with pytest.raises(TopologyError, match="not a bead mapping"):
        BeadMapping.load(path)


def test_a_file_with_other_weights_is_refused(mapping: BeadMapping, tmp_path: Path) -> None:
    path = tmp_path / "mapping.npz"
    matrix = mapping.matrix
    np.savez(path, data=matrix.data * 2, indices=matrix.indices, indptr=matrix.indptr, shape=(2, 4))
    with pytest.raises(TopologyError, match="sum to 2"):
        BeadMapping.load(path)


def test_a_bead_without_atoms_is_refused() -> None:
    with pytest.raises(TopologyError, match="Bead 1 has no atom"):
        BeadMapping.from_weights([(0, 0, 1.0), (1, 1, 0.0)], 2, 2)


def test_positions_of_another_molecule_are_refused(mapping: BeadMapping) -> None:
    for shape in ((5, 3), (2, 4, 2), (4,)):
        with pytest.raises(ValueError, match="do not fit this mapping"):
            mapping.apply(np.zeros(shape))
