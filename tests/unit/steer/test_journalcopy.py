"""The journal's second account: whatever is damaged or killed, what was committed is there, and damage is named."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import zlib

import pytest

from steer.exceptions import JournalError
from steer.journal import Journal, Seed
from steer.journalcopy import JournalCopy, heal_journal
from steer.messages import CgJob, CgResult, JobEvent


def job(number: int) -> CgJob:
    simulation = f"cg-{number:06d}"
    return CgJob(
        key=f"cg:{simulation}",
        simulation=simulation,
        start="seeds/seed-000001.pdb",
        force_field=1,
        steps=1000,
        random_seed=number,
    )


def ended(number: int) -> JobEvent:
    result = CgResult(
        simulation=f"cg-{number:06d}",
        steps=1000,
        frames=10,
        seconds=0.1 + 0.2,
        steps_per_second=1 / 3,
        platform="CPU",
        end_state="cg/end.xml",
    )
    return JobEvent(key=job(number).key, status="done", worker="w", started=0.1, finished=0.7, result=result)


def fill(path, jobs=8):
    """Write in every way the coordinator does, and die: the journal is not closed in order."""
    journal = Journal(path)
    seed = Seed(1, "input", 0, "seeds/seed-000001.pdb")
    with journal.transaction():
        journal.add_force_field(1, {"beads": 5})
        journal.add_seed(seed)
    for number in range(1, jobs + 1):
        with journal.transaction():
            journal.plan_cg(job(number), seed, steered=True)
            journal.note(number, "StartFromSeed", f"cg-{number:06d}", 'because; it\'s "thin"\nthere')
        journal.mark_submitted([job(number).key])
        journal.set_meta("elapsed", number / 3)
    with journal.transaction():
        for number in range(1, jobs - 1):
            journal.record(ended(number))
    return journal


def content(path):
    journal = Journal(path, read_only=True)
    try:
        return (
            journal.seeds(),
            journal.simulations(),
            journal.jobs(),
            journal.decisions(),
            journal.get_meta("elapsed"),
            journal.unfinished(),
        )
    finally:
        journal.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "journal.db"
    fill(path).close()
    return path


def flip(path, at, bit=0x10):
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def backup(path, suffix):
    (found,) = (path.parent / "backup").glob(f"journal-*{suffix}")
    return found


def test_a_sound_journal_is_left_alone(path):
    before = path.read_bytes()
    assert heal_journal(path) == ""
    assert path.read_bytes() == before


def test_a_journal_killed_in_the_midst_is_left_alone(tmp_path):
    path = tmp_path / "journal.db"
    journal = fill(path)
    expected = content(path)
    assert heal_journal(path) == ""
    journal.close()
    assert content(path) == expected


def test_a_flipped_bit_anywhere_is_found_and_nothing_is_lost(path):
    expected, sound = content(path), path.read_bytes()
    restored = 0
    for at in range(100, len(sound), len(sound) // 40):
        path.write_bytes(sound)
        flip(path, at)
        sentence = heal_journal(path)
        assert content(path) == expected, f"byte {at}: {sentence}"
        if sentence:
            restored += 1
            assert "journal.db" in sentence
            assert "nothing is lost" in sentence
    assert restored >= 3
    assert (path.parent / "journal-damaged-1.db").exists()


def test_a_changed_value_that_sqlite_does_not_see_is_found(path):
    data = path.read_bytes()
    at = data.index(b'"platform": "CPU"')
    path.write_bytes(data[:at] + b'"platform": "GPU"' + data[at + 17 :])
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    assert "table simulations" in heal_journal(path)
    assert content(path)[1][0].result["platform"] == "CPU"


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "foreign"])
def test_a_journal_that_is_no_database_any_more_is_restored(path, damage):
    expected, data = content(path), path.read_bytes()
    match damage:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(data[: len(data) // 3])
        case "foreign":
            path.write_bytes(b"something else entirely\n" * 400)
    assert "restored from" in heal_journal(path)
    assert content(path) == expected
    again = Journal(path)
    again.set_meta("elapsed", 99.0)
    again.close()
    assert heal_journal(path) == ""


@pytest.mark.parametrize("when", ["before the commit", "in the midst of the line"])
def test_a_transaction_that_was_written_down_and_not_committed_never_was(path, when):
    expected = content(path)
    with sqlite3.connect(path) as db:
        copy = JournalCopy(path, db)
        copy.append(
            [
                (
                    "INSERT INTO decisions (round, action, subject, reason) VALUES (?, ?, ?, ?)",
                    (9, "a", "b", "c"),
                )
            ]
        )
        copy.close()
    db.close()
    log = backup(path, ".log")
    if when == "in the midst of the line":
        os.truncate(log, log.stat().st_size - 20)
    assert heal_journal(path) == ""
    assert content(path) == expected
    journal = Journal(path)
    journal.set_meta("round", 10)
    journal.close()
    assert heal_journal(path) == ""


@pytest.mark.parametrize(("suffix", "at"), [(".log", 5), (".log", 700), (".log", -9), (".db", 900)])
def test_a_damaged_copy_does_not_touch_a_sound_journal_and_is_made_anew(path, suffix, at, caplog):
    expected = content(path)
    flip(backup(path, suffix), at)
    with caplog.at_level(logging.WARNING):
        assert heal_journal(path) == ""
    assert "damaged" in caplog.text
    Journal(path).close()
    assert content(path) == expected
    path.unlink()
    assert heal_journal(path)
    assert content(path) == expected


def test_with_both_damaged_the_journal_is_refused_by_name(path):
    flip(backup(path, ".db"), 900)
    path.write_bytes(b"no database")
    with pytest.raises(JournalError, match=r"journal\.db.*backup"):
        heal_journal(path)


def test_a_journal_missing_from_an_old_campaign_is_no_new_campaign(tmp_path):
    assert heal_journal(tmp_path / "journal.db") == ""
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "shard-000000.bin").write_bytes(b"x")
    with pytest.raises(JournalError, match="missing"):
        heal_journal(tmp_path / "journal.db")


def test_a_rolled_back_transaction_is_not_written_down(path):
    expected = content(path)
    journal = Journal(path)
    with pytest.raises(TypeError), journal.transaction():
        journal.set_meta("elapsed", [journal.set_meta("round", 77), object()])
    with pytest.raises(sqlite3.IntegrityError), journal.transaction():
        journal.add_seed(Seed(1, "input", 0, "again.pdb"))
    journal.close()
    assert heal_journal(path) == ""
    assert content(path) == expected


def test_a_disk_that_refuses_the_log_refuses_the_transaction(path, monkeypatch):
    expected = content(path)
    journal = Journal(path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"), journal.transaction():
        journal.set_meta("elapsed", 0.0)
    monkeypatch.undo()
    assert journal.get_meta("elapsed") == expected[4]
    journal.set_meta("elapsed", 5.0)
    journal.close()
    assert heal_journal(path) == ""
    assert content(path)[4] == 5.0


def test_a_long_log_gives_way_to_a_new_copy(tmp_path, monkeypatch):
    monkeypatch.setattr("steer.journalcopy.SMALLEST_LOG", 1000)
    path = tmp_path / "journal.db"
    journal = fill(path)
    for number in range(20):
        with journal.transaction():
            journal.set_meta("note", f"{number} {'x' * 10_000}")
    journal.close()
    assert int(backup(path, ".log").stem[8:]) > 1
    assert backup(path, ".log").stat().st_size < 300_000
    expected = content(path)
    path.unlink()
    assert heal_journal(path)
    assert content(path) == expected


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("ATTACH DATABASE '{outside}' AS a", []),
        ("VACUUM INTO '{outside}'", []),
        ("COMMIT", []),
        ("DROP TABLE jobs", []),
        ("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END", []),
        ("INSERT INTO meta VALUES ('x', randomblob(1000000000))", []),
        (
            "INSERT INTO meta WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, x FROM c",
            [],
        ),
        ("UPDATE jobs SET attempts = ?", [10**40]),
        ("UPDATE jobs SET worker = ?", [{"a": 1}]),
        ("UPDATE jobs SET worker = ?", ["\ud800"]),
        (7, []),
    ],
)
def test_a_forged_line_of_the_log_changes_rows_or_nothing(path, tmp_path_factory, sql, values, caplog):
    outside = tmp_path_factory.mktemp("outside") / "planted"
    before = content(path)
    text = json.dumps([[sql.format(outside=outside) if isinstance(sql, str) else sql, values]]).encode()
    with backup(path, ".log").open("ab") as log:
        log.write(b"%08x %s\n" % (zlib.crc32(text), text))
    assert heal_journal(path) == ""
    assert content(path) == before
    assert not outside.exists()
    assert "cannot be used" in caplog.text


def test_with_the_journal_gone_a_forged_log_is_refused_by_name(path):
    path.unlink()
    (path.parent / "frames").mkdir()
    (path.parent / "frames" / "shard-000000.bin").touch()
    text = json.dumps([["DROP TABLE jobs", []]]).encode()
    with backup(path, ".log").open("ab") as log:
        log.write(b"%08x %s\n" % (zlib.crc32(text), text))
    with pytest.raises(JournalError, match=r"journal\.db.*no sound copy"):
        heal_journal(path)


def test_a_trigger_planted_in_the_journal_is_healed_away(path):
    before = content(path)
    db = sqlite3.connect(path)
    db.execute("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END")
    db.close()
    assert "trigger" in heal_journal(path)
    assert content(path) == before
