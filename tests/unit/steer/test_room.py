from __future__ import annotations

import sqlite3

import pytest

from steer.exceptions import StorageError
from steer.room import has_room, lacks_room


def full_disk() -> OSError:
    with (
        pytest.raises(OSError, match="No space left") as caught,
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"something")
    return caught.value


def test_a_full_disk_is_recognised_behind_the_errors_that_it_becomes(tmp_path):
    error = StorageError(tmp_path, "frames cannot be kept")
    error.__cause__ = full_disk()
    assert lacks_room(full_disk())
    assert lacks_room(error)


def test_a_full_journal_is_recognised():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE rows (content)")
    db.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.executemany("INSERT INTO rows VALUES (zeroblob(4000))", [()] * 9)
    db.close()
    assert lacks_room(caught.value)


def test_other_errors_are_no_want_of_room(tmp_path):
    assert not lacks_room(PermissionError(13, "Permission denied"))
    assert not lacks_room(StorageError(tmp_path, "another process holds it"))
    assert not lacks_room(None)


def test_looking_for_room_leaves_nothing_behind(tmp_path):
    assert has_room(tmp_path)
    assert list(tmp_path.iterdir()) == []
