"""What is known of distances survives a restart, changes no answer, and is dropped when it does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from steer.candidates import CandidateTable
from steer.reachfile import ReachFile, RowsChecksum

DIMENSIONS = 3
LIMITS = (4.0, 1.0, 0.1, -1.0)


class Latents:
    def __init__(self, points):
        self.points, self.sane = points, np.ones(len(points), bool)

    def __len__(self):
        return len(self.points)


class Store:
    def __init__(self, count):
        self.number = np.arange(count, dtype=np.uint32) // 10

    def is_level(self, level, rows):
        return np.ones(len(self.number), bool)[rows]


@pytest.fixture
def points():
    return np.random.default_rng(5).normal(size=(4000, DIMENSIONS)).astype(np.float32)


@pytest.fixture
def starts():
    return np.random.default_rng(6).normal(size=(30, DIMENSIONS)).astype(np.float32)


PROMOTED = [5, 17, 900, 31]


def table(points, folder, promoted, starts):
    made = CandidateTable(Latents(points), Store(len(points)), folder)
    made.update(promoted, starts)
    return made


def answers(made):
    return [
        array.tobytes()
        for reach in (made.promoted, made.started)
        for limit in LIMITS
        for array in reach.beyond(limit)
    ]


@pytest.fixture
def kept(points, starts, tmp_path):
    """A folder in which what was known of the first 3,000 points, 3 promotions and 20 starts is kept."""
    earlier = table(points[:3000], tmp_path, PROMOTED[:3], starts[:20])
    answers(earlier)
    earlier.keep(at_once=True)
    return tmp_path


def test_answers_are_the_same_to_the_bit_with_less_work(points, starts, kept):
    shuffled = np.concatenate([starts[:20][::-1], starts[20:]])
    knowing, anew = table(points, kept, PROMOTED, shuffled), table(points, None, PROMOTED, shuffled)
    assert answers(knowing) == answers(anew)
    assert 0 < knowing.started.pairs < 0.75 * anew.started.pairs
    assert 0 < knowing.promoted.pairs < anew.promoted.pairs


def test_what_comes_after_a_restart_goes_on_from_there(points, starts, kept):
    knowing = table(points[:3000], kept, PROMOTED[:3], starts[:20])
    knowing.update(PROMOTED, starts)
    assert knowing.promoted.chosen == 4
    assert knowing.started.chosen == 30
    assert answers(knowing) == answers(table(points[:3000], None, PROMOTED, starts))


def flip(data):
    return data[:-9] + bytes([data[-9] ^ 64]) + data[-8:]


@pytest.mark.parametrize(
    "damage", [flip, lambda data: data[:-100], lambda data: b"{}\n" + data, lambda data: b""]
)
def test_a_damaged_file_is_named_and_changes_no_answer(points, starts, kept, damage, caplog):
    for file in kept.glob("to-*.bin"):
        file.write_bytes(damage(file.read_bytes()))
    knowing = table(points, kept, PROMOTED, starts)
    assert caplog.text.count("is not used") == 2
    assert "to-started.bin" in caplog.text
    assert answers(knowing) == answers(table(points, None, PROMOTED, starts))


def test_what_belongs_to_other_points_is_not_used(points, starts, kept, caplog):
    moved = points + np.float32(1e-3)
    knowing = table(moved, kept, PROMOTED, starts)
    assert caplog.text.count("is not used") == 2
    assert answers(knowing) == answers(table(moved, None, PROMOTED, starts))


def test_points_that_are_chosen_no_more_make_it_useless(points, starts, kept, caplog):
    knowing = table(points, kept, PROMOTED[1:3], starts[1:20])
    assert caplog.text.count("is not used") == 2
    assert answers(knowing) == answers(table(points, None, PROMOTED[1:3], starts[1:20]))


def test_a_link_is_not_read(points, kept):
    (kept / "to-promoted.bin").rename(kept / "elsewhere")
    (kept / "to-promoted.bin").symlink_to(kept / "elsewhere")
    assert ReachFile(kept / "to-promoted.bin").read(RowsChecksum(points)) is None


def test_little_is_not_worth_keeping(points, starts, tmp_path):
    made = table(points, tmp_path, PROMOTED, starts)
    answers(made)
    made.keep()
    assert list(tmp_path.iterdir()) == []
