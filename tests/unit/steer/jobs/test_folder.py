"""A job's folder has one holder and at most one result."""

from __future__ import annotations

import threading

import pytest

from steer.exceptions import FolderHeld, JobError
from steer.jobs.folder import RESULT, HeldFolder, read_result
from steer.messages import TrainResult


def result(seconds):
    return TrainResult(version=1, statistics={}, seconds=seconds)


def test_a_result_comes_back(tmp_path):
    assert read_result(tmp_path) is None
    with HeldFolder(tmp_path, "first") as held:
        held.write_result(result(1.0))
    assert read_result(tmp_path) == result(1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["attempt", "attempt.lock", RESULT]


def test_the_first_result_stays(tmp_path):
    for attempt, seconds in (("first", 1.0), ("second", 2.0)):
        with HeldFolder(tmp_path, attempt) as held:
            held.write_result(result(seconds))
    assert read_result(tmp_path) == result(1.0)


def test_a_newer_attempt_waits_until_the_older_one_has_seen_it(tmp_path):
    waits = threading.Event()
    entered = threading.Event()

    def newer():
        with HeldFolder(tmp_path, "newer", waiting=waits.set):
            entered.set()

    with HeldFolder(tmp_path, "older") as older:
        assert not older.superseded(look=True)
        thread = threading.Thread(target=newer)
        thread.start()
        assert waits.wait(10.0)
        assert older.superseded(look=True)
        with pytest.raises(FolderHeld, match="newer"):
            older.write_result(result(1.0))
        assert not entered.is_set()
    thread.join(10.0)
    assert entered.is_set()
    assert read_result(tmp_path) is None


def test_patience_ends(tmp_path):
    with (
        HeldFolder(tmp_path, "older"),
        pytest.raises(FolderHeld, match="an older attempt"),
        HeldFolder(tmp_path, "newer", patience=0.05),
    ):
        pytest.fail("two attempts hold the folder")


def test_a_damaged_result_is_named(tmp_path):
    (tmp_path / RESULT).write_text('{"kind": "train"')
    with pytest.raises(JobError, match=r"result\.json does not fit its schema.*move it away"):
        read_result(tmp_path)
