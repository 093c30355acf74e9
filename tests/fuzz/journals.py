"""Journals changed by hand: values, schema, planted triggers and views, raw bytes, and the account that is played back."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from fuzz.mutate import mutate_bytes, mutate_text
from fuzz.outcome import Silent
from steer.config import CampaignConfig
from steer.exceptions import JournalError
from steer.journal import Journal, Promotion, Seed
from steer.journalcopy import heal_journal
from steer.ledger import Ledger
from steer.messages import CgJob, CgResult, JobEvent, RefineJob, RefineResult, TrainJob, TrainResult

__all__ = ["JournalFiles"]

_CONFIG = CampaignConfig.model_validate(
    {"campaign": {"name": "t"}, "molecule": {"sequence": "AAA"}, "stop": {"refinements": 1}}
)
_TABLES = {
    "meta": ("key", "value"),
    "force_fields": ("version", "definition"),
    "seeds": ("id", "origin", "generation", "file", "parent", "step", "frame_row"),
    "simulations": (
        "id", "level", "generation", "seed", "force_field", "steps", "steered", "state", "result",
    ),
    "promotions": ("simulation", "source", "step", "frame_row", "model", "selector", "score", "round"),
    "models": ("version", "frames", "state", "statistics"),
    "jobs": (
        "key", "kind", "payload", "state", "attempts", "worker", "started", "finished", "error", "log",
    ),
    "decisions": ("id", "round", "action", "subject", "reason"),
}  # fmt: skip
_VALUES: tuple[Any, ...] = (
    0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), 1.5, 1e300, float("inf"), None, b"", b"\xff\xfe\x00", b"open", "", "null",
    "{}", "[]", "[" * 5000, '{"a":' * 3000, '{"kind": "cg"}', "NaN", "1e999", "9" * 5000, "open", "done", "failed", "cg",
    "aa", "cg-000001", "cg-999999", "aa-000001", "cg-000001\n", "../../x", "/etc/passwd", "a/../../b", "\x1b[2J", "\x00",
    "x" * 100_000, "true", '"text"', "-1", '[{"by": {}, "before": {}, "after": {}}]',
)  # fmt: skip
_WORDS = (*(value for value in _VALUES if isinstance(value, str) and value), '"', "{", "}", ":", "\\ud800")
_STORED = ("?", "?", "?", "CAST(? AS BLOB)", "CAST(x'ff' AS TEXT) || ?")
_RECURSION = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
_SCHEMA_CHANGES = (
    "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END",
    "CREATE TRIGGER t BEFORE UPDATE ON meta BEGIN UPDATE jobs SET state = 'done'; END",
    "CREATE VIEW v AS SELECT * FROM seeds",
    f"ALTER TABLE seeds RENAME TO old; CREATE VIEW seeds AS {_RECURSION} SELECT x AS id FROM c",
    f"DROP TABLE decisions; CREATE VIEW decisions AS {_RECURSION} SELECT x AS id, x AS round FROM c",
    "DROP TABLE decisions",
    "ALTER TABLE jobs DROP COLUMN log",
    "ALTER TABLE jobs RENAME COLUMN key TO k",
    "ALTER TABLE jobs ADD COLUMN more GENERATED ALWAYS AS (zeroblob(100000000))",
    "CREATE INDEX i ON jobs (hex(worker))",
    'CREATE TABLE "a b\'; --" (x)',
    "CREATE VIRTUAL TABLE f USING fts5(x)",
    "DROP INDEX jobs_by_state",
    "PRAGMA user_version = 1",
    "PRAGMA user_version = 3",
    "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'CREATE TABLE' WHERE name = 'jobs'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_master SET rootpage = 2 WHERE type = 'table'",
)
_PLANTED = "planted"
_STATEMENTS: tuple[tuple[str, list[Any]], ...] = (
    (f"ATTACH DATABASE '{{outside}}/{_PLANTED}' AS a", []),
    ("COMMIT", []),
    (f"VACUUM INTO '{{outside}}/{_PLANTED}'", []),
    ("PRAGMA writable_schema = 1", []),
    ("DROP TABLE jobs", []),
    ("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END", []),
    (f"INSERT INTO decisions {_RECURSION} SELECT x, x, x, x, x FROM c", []),
    ("INSERT INTO meta VALUES (?, randomblob(1000000000))", ["x"]),
    ("INSERT INTO sqlite_master VALUES (1, 1, 1, 1, 1)", []),
    ("UPDATE jobs SET state = ?", [{"a": 1}]),
    ("UPDATE jobs SET attempts = ?", [10**40]),
    ("UPDATE jobs SET worker = ?", ["\ud800"]),
    ("UPDATE jobs SET attempts = ?", [1, 2, 3]),
    ("REPLACE INTO meta VALUES ('round', ?)", ["[" * 5000]),
    ("UPDATE nothing SET x = 1", []),
    ("", []),
)


class JournalItem(NamedTuple):
    """Content of the files: the journal (None: missing), the copy and the log of the second account."""

    journal: bytes | None
    copy: bytes
    log: bytes


class JournalFiles:
    """What somebody may make of a journal and its second account.

    Parameters
    ----------
    folder : Path
        Where the files are written.
    """

    name = "journals"
    refusals = (JournalError,)

    def __init__(self, folder: Path) -> None:
        self._outside, self._folder = folder, folder / "journals"
        self._folder.mkdir()
        _fill(self._path)
        self._sound = self._item()
        self._content = _rows(self._path.read_bytes())
        # A journal without its last transaction is one whose coordinator was killed before it committed.
        before = [row for row in self._content["meta"] if row[0] != "extensions"]
        self._states = (self._content, {**self._content, "meta": before})

    @property
    def _path(self) -> Path:
        return self._folder / "journal.db"

    def _item(self) -> JournalItem:
        backup = self._folder / "backup"
        (copy,), (log,) = backup.glob("*.db"), backup.glob("*.log")
        return JournalItem(self._path.read_bytes(), copy.read_bytes(), log.read_bytes())

    def make(self, random: Random) -> JournalItem:
        """A journal that somebody changed, its account, or both alike."""
        sound = self._sound
        assert sound.journal is not None
        kind = random.randrange(6)
        if kind == 0:
            return sound._replace(journal=mutate_bytes(random, sound.journal, [sound.journal, sound.copy]))
        if kind == 1:
            return sound._replace(journal=_changed(random, sound.journal))
        if kind == 2:
            return sound._replace(journal=random.choice((None, sound.journal)), log=self._log(random))
        if kind == 3:
            copy = mutate_bytes(random, _without_wal(sound.journal), [sound.copy])
            return JournalItem(random.choice((None, copy)), copy, _first_line(copy))
        both = _changed(random, sound.journal)
        return JournalItem(random.choice((None, both)), both, _first_line(both))

    def _log(self, random: Random) -> bytes:
        lines = [line.partition(b" ")[2] for line in self._sound.log.splitlines()]
        at = random.randrange(len(lines))
        if random.random() < 0.5:
            sql, values = random.choice(_STATEMENTS)
            lines[at] = json.dumps([[sql.format(outside=self._outside), values]]).encode()
        else:
            lines[at] = mutate_text(random, lines[at].decode(), _WORDS, self._sound.log.decode().split("\n")).encode(
                "utf-8", "surrogatepass"
            ).replace(b"\n", b" ")  # fmt: skip
        return b"".join(map(_line, lines))

    def read(self, item: JournalItem) -> list[Any]:
        """Read beside a coordinator, then restored and taken up as a coordinator does."""
        self._write(item)
        refused = None
        try:
            seen = _everything(Journal(self._path, read_only=True))
        except JournalError as error:
            refused, seen = error, []
        try:
            heal_journal(self._path)
            _everything(Journal(self._path))
        finally:
            if (self._outside / _PLANTED).exists():
                raise Silent("a file was written outside the campaign directory")
        intact = (item.copy, item.log) == (self._sound.copy, self._sound.log)
        if (
            intact
            and item.journal != self._sound.journal
            and _rows(self._path.read_bytes()) not in self._states
        ):
            raise Silent("a sound account did not restore the journal")
        if refused is not None:
            raise refused
        return seen

    def _write(self, item: JournalItem) -> None:
        shutil.rmtree(self._folder)
        (self._folder / "backup").mkdir(parents=True)
        if item.journal is not None:
            self._path.write_bytes(item.journal)
        (self._folder / "backup" / "journal-000001.db").write_bytes(item.copy)
        (self._folder / "backup" / "journal-000001.log").write_bytes(item.log)

    def check(self, item: JournalItem, found: list[Any]) -> None:
        """Every value that was read is the file's own, looked at without our reader."""
        assert item.journal is not None
        rows = _rows(item.journal)
        for table, objects in zip(("seeds", "simulations", "promotions", "models"), found, strict=False):
            said = sorted(rows[table], key=lambda row: row[0])
            if len(said) != len(objects):
                raise Silent(f"{table} has {len(said)} rows, and {len(objects)} were read")
            for row, one in zip(
                said, sorted(objects, key=lambda one: next(iter(vars(one).values()))), strict=True
            ):
                _compare(table, row, list(vars(one).values()))


def _compare(table: str, said: tuple[Any, ...], read: list[Any]) -> None:
    for column, a, b in zip(_TABLES[table], said, read, strict=True):
        value = json.loads(a) if isinstance(b, dict) else a
        if value != b or isinstance(a, bytes):
            raise Silent(f"{table}.{column} is {b!r} and the file says {a!r}")


def _everything(journal: Journal) -> list[Any]:
    with closing(journal):
        Ledger(journal, _CONFIG)
        journal.last_ended("cg", 5)
        for key in ("round", "elapsed", "share", "extensions", "extension_pending"):
            journal.get_meta(key)
        return [
            journal.seeds(), journal.simulations(), journal.promotions(), journal.models(), journal.force_fields(),
            journal.jobs(), journal.decisions(),
        ]  # fmt: skip


def _rows(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(_without_wal(content))
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in _TABLES}


def _changed(random: Random, content: bytes) -> bytes:
    """A database with a few values changed, or something planted."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.deserialize(_without_wal(content))
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        db.execute("PRAGMA ignore_check_constraints = ON")
        if random.random() < 0.15:
            db.executescript(random.choice(_SCHEMA_CHANGES))
        else:
            for _ in range(random.choice((1, 1, 1, 2))):
                _change_value(random, db)
        return db.serialize()


def _change_value(random: Random, db: sqlite3.Connection) -> None:
    table = random.choice(list(_TABLES))
    column = random.choice(_TABLES[table])
    rows = db.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    if not rows:
        return
    rowid, value = random.choice(rows)
    if isinstance(value, str) and random.random() < 0.5:
        new: Any = mutate_text(random, value, _WORDS, [value])
        new = new.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    else:
        new = random.choice(_VALUES)
    sql = f"UPDATE {table} SET {column} = {random.choice(_STORED)}"
    try:
        db.execute(f"{sql} WHERE rowid = ?", (new, rowid))
    except sqlite3.IntegrityError:
        db.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))


def _without_wal(content: bytes) -> bytes:
    return content[:18] + b"\x01\x01" + content[20:]


def _line(text: bytes) -> bytes:
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _first_line(copy: bytes) -> bytes:
    return _line(json.dumps({"copy": 1, "sha256": hashlib.sha256(copy).hexdigest()}).encode())


def _fill(path: Path) -> None:
    """A small campaign in which every table has rows."""
    seed = Seed(1, "input", 0, "seeds/seed-000001.pdb")
    with closing(Journal(path)) as journal:
        with journal.transaction():
            journal.add_force_field(1, {"network": "elastic"})
            journal.add_seed(seed)
        for number in (1, 2, 3):
            with journal.transaction():
                journal.plan_cg(_cg(number), seed, steered=number != 2)
                journal.note(number, "StartFromSeed", f"cg-{number:06d}", "thin")
        cg = CgResult(simulation="cg-000001", steps=900, frames=9, seconds=1.5, steps_per_second=600.0, platform="CPU",
                      end_state="cg/cg-000001/state.xml")  # fmt: skip
        journal.record(_done("cg:cg-000001", cg))
        train = TrainJob(key="train:0001", version=1, previous=0, frames=9, random_seed=3)
        journal.plan_training(train)
        journal.record(_done(train.key, TrainResult(version=1, statistics={"loss": 0.5}, seconds=2.0)))
        with journal.transaction():
            for number in (1, 2):
                journal.plan_refinement(_refine(number), _promotion(number), 1)
        aa = RefineResult(simulation="aa-000001", accepted=False, reasons=["clash"], report={"clashes": 3},
                          backmapper="mstool", attempts=1, steps=100, frames=2, seconds=9.0, platform="CPU",
                          secondary_structure="HHH", end_state="")  # fmt: skip
        journal.record(_done("refine:aa-000001", aa))
        journal.add_seed(Seed(2, "cg", 1, "seeds/seed-000002.pdb", "cg-000001", 500, 4))
        goals = {"require": "any", "refinements": 3}
        for key, value in (("round", 4), ("elapsed", 12.5), ("share", 0.5), ("extension_pending", False),
                           ("extensions", [{"by": goals, "before": goals, "after": goals}])):  # fmt: skip
            journal.set_meta(key, value)


def _cg(number: int) -> CgJob:
    simulation = f"cg-{number:06d}"
    return CgJob(key=f"cg:{simulation}", simulation=simulation, start="seeds/seed-000001.pdb", force_field=1, steps=1000,
                 random_seed=number)  # fmt: skip


def _refine(number: int) -> RefineJob:
    simulation = f"aa-{number:06d}"
    return RefineJob(key=f"refine:{simulation}", simulation=simulation, target="aa/target.pdb",
                     reference="structures/protein.pdb", force_field=1, steps=100, random_seed=number)  # fmt: skip


def _promotion(number: int) -> Promotion:
    return Promotion(f"aa-{number:06d}", "cg-000001", 500, 4, 1, "farthest_point", 1.5, 2)


def _done(key: str, result: CgResult | RefineResult | TrainResult) -> JobEvent:
    return JobEvent(key=key, status="done", worker="w", started=1.0, finished=2.0, result=result)
