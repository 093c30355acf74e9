from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mdtraj
import numpy as np
import pytest

from sims.trajectory import PartWriter, discard_parts_from, list_parts, part_path, read_parts

BOX = np.array([3.0, 4.0, 5.0])


def _write(directory: Path, first_step: int, frames: np.ndarray, box: np.ndarray = BOX) -> None:
    with PartWriter(part_path(directory, "frames", first_step)) as part:
        for index, positions in enumerate(frames, start=1):
            part.write(positions, first_step + 10 * index, 0.02 * (first_step + 10 * index), box)
        part.finish()


def test_parts_join_in_order_to_a_thousandth_of_a_nanometre(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).normal(scale=5.0, size=(6, 31, 3))
    _write(tmp_path, 30, frames[3:])
    _write(tmp_path, 0, frames[:3])
    track = read_parts(tmp_path)
    assert [first for first, _ in list_parts(tmp_path)] == [0, 30]
    np.testing.assert_allclose(track.positions, frames, atol=0.00051)
    np.testing.assert_allclose(track.times, 0.2 * np.arange(1, 7), rtol=1e-6)


def test_mdtraj_reads_a_part_with_its_box_times_and_steps(tmp_path: Path) -> None:
    frames = np.random.default_rng(2).normal(size=(4, 12, 3))
    _write(tmp_path, 0, frames)
    with mdtraj.formats.XTCTrajectoryFile(str(part_path(tmp_path, "frames", 0))) as file:
        positions, _, steps, box = file.read()
    assert steps.tolist() == [10, 20, 30, 40]
    np.testing.assert_allclose(np.diagonal(box, axis1=1, axis2=2), np.tile(BOX, (4, 1)))
    np.testing.assert_allclose(positions, frames, atol=0.00051)


def test_unfinished_part_leaves_nothing(tmp_path: Path) -> None:
    with PartWriter(part_path(tmp_path, "frames", 0)) as part:
        part.write(np.zeros((12, 3)), 10, 0.2, BOX)
    assert list(tmp_path.iterdir()) == []


def test_part_without_frames_is_no_file(tmp_path: Path) -> None:
    with PartWriter(part_path(tmp_path, "frames", 0)) as part:
        part.finish()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError, match="no whole trajectory part"):
        read_parts(tmp_path)


def test_other_files_and_tracks_are_no_parts(tmp_path: Path) -> None:
    _write(tmp_path, 0, np.zeros((1, 12, 3)))
    for name in ("atoms-000000000000.xtc", ".frames-000000000010.xtc.ab.part", "frames-12.xtc", "frames.pdb"):
        (tmp_path / name).touch()
    assert [path.name for _, path in list_parts(tmp_path)] == ["frames-000000000000.xtc"]


def test_discarding_keeps_what_came_before(tmp_path: Path) -> None:
    for first in (0, 30, 60):
        _write(tmp_path, first, np.zeros((3, 12, 3)))
    discard_parts_from(tmp_path, "frames", 30)
    assert [first for first, _ in list_parts(tmp_path)] == [0]


def test_steps_beyond_32_bits_do_not_wrap(tmp_path: Path) -> None:
    with PartWriter(part_path(tmp_path, "frames", 0)) as part:
        part.write(np.zeros((12, 3)), 5_000_000_000, 1e8, BOX)
        part.finish()
    with mdtraj.formats.XTCTrajectoryFile(str(part_path(tmp_path, "frames", 0))) as file:
        assert file.read()[2].tolist() == [2**31 - 1]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 100 bytes: writing fails where it would on a disk without room.

    Not a fixture: pytest itself writes its report, perhaps to a file, before fixtures are put away.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("count", [1, 400])
def test_a_part_for_which_the_disk_has_no_room_does_not_appear(tmp_path: Path, count: int) -> None:
    positions = np.random.default_rng(5).normal(size=(count, 31, 3))
    with pytest.raises(OSError, match="no room") as caught, full_disk():
        _write(tmp_path, 0, positions)
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
