"""No symbolic link in a campaign directory is followed: not by the coordinator, not by a job, not by a reader."""

from __future__ import annotations

import os

import numpy as np
import pytest

from steer.campaign import CampaignDirectory
from steer.evidence import believed
from steer.exceptions import JobError, LinkFound, StorageError
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.jobs.folder import RESULT, HeldFolder, read_result
from steer.links import link_in, make_folder, open_plain, read_plain, refuse_links, refuse_planted
from steer.messages import JobEvent, RefineResult, TrainResult
from steer.room import has_room


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "campaign"
    for folder in ("cg/cg-000001", "aa", "seeds", "frames", "models/0001", "logs"):
        (root / folder).mkdir(parents=True)
    return root


@pytest.fixture
def outside(tmp_path):
    """A file elsewhere that must stay as it is."""
    file = tmp_path / "elsewhere" / "precious"
    file.parent.mkdir()
    file.write_text("precious")
    yield file
    assert file.read_text() == "precious"
    assert [entry.name for entry in file.parent.iterdir()] == ["precious"]


PLACES = [
    "status.json",
    "journal.db",
    "cg",
    "cg/cg-000002",
    "aa/aa-000001",
    "seeds/seed-000001.pdb",
    "frames/shard-000003.bin",
    "models/0001/model.safetensors",
    "logs/cg-000001.log",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_coordinator_refuses_a_directory_with_a_link_and_names_it(root, outside, place):
    refuse_planted(root)
    if (root / place).is_dir():
        (root / place).rename(root / "kept")
    (root / place).symlink_to(outside)
    with pytest.raises(LinkFound, match="symbolic link") as caught:
        refuse_planted(root)
    assert str(root / place) in str(caught.value)
    assert caught.value.exit_code == 2


def test_every_folder_on_the_way_is_looked_at(root, outside):
    refuse_links(root, "cg/cg-000001/new/file")
    (root / "cg/cg-000001/new").symlink_to(outside.parent)
    for name in ("cg/cg-000001/new", "cg/cg-000001/new/precious"):
        with pytest.raises(LinkFound):
            refuse_links(root, name)


def test_no_folder_is_made_beyond_a_link(root, outside):
    make_folder(root, "aa/aa-000001")
    make_folder(root, "aa/aa-000001")
    make_folder(root, "new/aa-000001")
    assert (root / "new/aa-000001").is_dir()
    (root / "linked").symlink_to(outside.parent)
    with pytest.raises(LinkFound):
        make_folder(root, "linked/aa-000001")


def test_the_kernel_refuses_a_link_when_a_file_is_opened(root, outside):
    (root / "status.json").symlink_to(outside)
    with pytest.raises(LinkFound):
        open_plain(root / "status.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with pytest.raises(LinkFound):
        read_plain(root / "status.json")


@pytest.mark.parametrize("name", ["attempt.lock", "trajectory-000000000000.xtc", "backmapped/try-1.pdb"])
def test_a_job_does_not_begin_in_a_folder_with_a_link(root, outside, name):
    folder = root / "cg" / "cg-000001"
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(outside)
    assert link_in(folder) == folder / name
    with pytest.raises(LinkFound), HeldFolder(folder, "first"):
        pass


def test_a_job_does_not_begin_in_a_folder_that_is_a_link(root, outside):
    (root / "cg/cg-000002").symlink_to(outside.parent)
    with pytest.raises(LinkFound), HeldFolder(root / "cg/cg-000002", "first"):
        pass


def test_a_result_that_is_a_link_is_none(root, outside):
    folder = root / "cg" / "cg-000001"
    (folder / RESULT).symlink_to(outside)
    with pytest.raises(JobError, match="symbolic link"):
        read_result(folder)


def test_a_shard_that_is_a_link_is_not_written_to(root, outside):
    frame = Frame(
        "t", "cg-000001", "cg", 1, 0.0, np.zeros(3, np.float32), 1, 0.0, np.zeros((2, 3), np.float32)
    )
    with FrameStore(root / "frames", 2) as store:
        (root / "frames" / "shard-000000.bin").symlink_to(outside)
        with pytest.raises((LinkFound, StorageError)):
            store.append([frame])


def test_beads_behind_a_link_bear_nothing_out(root, outside):
    folder = root / "aa" / "aa-000001"
    folder.mkdir()
    (folder / "end-beads.pdb").symlink_to(outside)
    result = RefineResult(
        simulation="aa-000001",
        accepted=True,
        reasons=[],
        report={},
        backmapper="carry_over",
        attempts=1,
        steps=1,
        frames=1,
        seconds=1,
        platform="CPU",
        secondary_structure="C",
        end_state="aa/aa-000001/end.pdb",
    )
    found = believed(
        _told("refine:aa-000001", result), CampaignDirectory(root), lambda path: path.read_text()
    )
    assert found.status == "failed"
    assert "symbolic link" in found.error


def test_a_model_behind_a_link_bears_nothing_out(root, outside):
    (root / "models" / "0001" / "weights").symlink_to(outside)
    told = _told("train:0001", TrainResult(version=1, statistics={}, seconds=1.0))
    found = believed(told, CampaignDirectory(root), read_plain)
    assert found.status == "failed"
    assert "symbolic link" in found.error


def _told(key, result):
    return JobEvent(key=key, status="done", worker="w", started=0, finished=1, result=result)


def test_looking_for_room_writes_behind_no_link(root, outside):
    (root / f".room-{os.getpid()}").symlink_to(outside)
    with pytest.raises(LinkFound):
        has_room(root)
