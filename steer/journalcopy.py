"""A second account of the journal: a copy of the file, and after it every statement that changed it since.

SQLite knows when a page is torn, but not when a bit flips in a value. So every transaction is also appended to
``backup/journal-000007.log``, one line with a checksum, before it is committed; the first line names the copy of the
database it begins from, with its digest. Copy and log together are the journal: when a coordinator starts they must say
the same as ``journal.db``, and where that is damaged or gone they take its place, with nothing lost.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from sims.files import sync_directory, write_atomic
from steer.exceptions import JournalError
from steer.journalschema import NOT_SQLITE, guard, only_changes, schema_problem
from steer.links import open_plain

__all__ = ["JournalCopy", "RecordedConnection", "heal_journal"]

log = logging.getLogger(__name__)

FOLDER = "backup"
"""Where copy and log lie, beside the journal."""

SMALLEST_LOG = 4 * 2**20
"""Bytes of log, at least, after which a new copy is made; otherwise when the log is as large as the copy."""

_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

Statement = tuple[str, Sequence[Any]]


class JournalCopy:
    """Copy and log of a journal that is open for writing.

    Parameters
    ----------
    path : Path
        ``journal.db``.
    db : sqlite3.Connection
        Open on it.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self._folder, self._db = path.parent / FOLDER, db
        self._file: int | None = None
        self._number = self._size = self._length = 0
        number = _newest(self._folder)
        if number is None:
            self._begin(1)
        else:
            self._attach(number)

    def append(self, statements: Sequence[Statement]) -> int:
        """Write a transaction down, durably; returns where its line begins, for `withdraw`.

        Raises
        ------
        OSError
            When the disk refuses; nothing is written down then.
        """
        assert self._file is not None
        try:
            _write_all(self._file, _line([[sql, list(values)] for sql, values in statements]))
            os.fsync(self._file)
        except OSError:
            self.withdraw(self._length)
            raise
        before, self._length = self._length, os.fstat(self._file).st_size
        return before

    def withdraw(self, length: int) -> None:
        """Take back what was written after this place: it was not committed."""
        assert self._file is not None
        os.ftruncate(self._file, length)
        self._length = length

    def renew(self) -> None:
        """Make a new copy when the log has grown as large as the last; never within a transaction."""
        if self._length <= max(SMALLEST_LOG, self._size):
            return
        try:
            self._begin(self._number + 1)
        except OSError as error:
            log.warning("the journal cannot be copied to %s now: %s", self._folder, error)
            self._size = self._length

    def close(self) -> None:
        """Close the log. Harmless when done twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self, number: int) -> None:
        self._folder.mkdir(exist_ok=True)
        content = _without_wal(self._db.serialize())
        write_atomic(_copy_path(self._folder, number), content)
        digest = hashlib.sha256(content).hexdigest()
        write_atomic(_log_path(self._folder, number), _line({"copy": number, "sha256": digest}))
        self._attach(number)
        for path in self._folder.glob("journal-*"):
            if path.stem != _log_path(self._folder, number).stem:
                path.unlink()

    def _attach(self, number: int) -> None:
        self.close()
        self._number, self._size = number, _copy_path(self._folder, number).stat().st_size
        self._file = open_plain(_log_path(self._folder, number), os.O_WRONLY | os.O_APPEND)
        self._length = os.fstat(self._file).st_size


class RecordedConnection:
    """A connection to the journal whose every change is written down in its copy before it is committed.

    Parameters
    ----------
    db : sqlite3.Connection
        In autocommit mode; transactions begin and end with BEGIN IMMEDIATE, COMMIT and ROLLBACK.
    copy : JournalCopy
    """

    def __init__(self, db: sqlite3.Connection, copy: JournalCopy) -> None:
        self._db, self._copy = db, copy
        self._changes: list[Statement] = []

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute one statement."""
        if sql == "COMMIT":
            changes, self._changes = self._changes, []
            return self._recorded(sql, values, changes)
        is_change = sql.lstrip()[:8].upper().startswith(_CHANGES)
        if is_change and not self._db.in_transaction:
            return self._recorded(sql, values, [(sql, values)])
        cursor = self._db.execute(sql, values)
        if is_change:
            self._changes.append((sql, values))
        elif sql == "ROLLBACK":
            self._changes.clear()
        return cursor

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute one statement with each of several sets of values."""
        for values in rows:
            self.execute(sql, values)

    def close(self) -> None:
        """Close journal and copy."""
        self._copy.close()
        self._db.close()

    def _recorded(self, sql: str, values: Sequence[Any], changes: Sequence[Statement]) -> sqlite3.Cursor:
        place = self._copy.append(changes) if changes else None
        try:
            cursor = self._db.execute(sql, values)
        except BaseException:
            if place is not None:
                self._copy.withdraw(place)
            raise
        self._copy.renew()
        return cursor


def heal_journal(path: Path) -> str:
    """Check a journal against its copy and log, before anybody writes to it, and restore it where it is damaged.

    Parameters
    ----------
    path : Path
        ``journal.db``; may be missing.

    Returns
    -------
    str
        One sentence on what was restored; empty when all is well.

    Raises
    ------
    JournalError
        When the journal is damaged and there is no sound copy to restore it from.
    """
    folder = path.parent / FOLDER
    number = _newest(folder)
    account = None if number is None else _read(folder, number)
    try:
        return _healed(path, account)
    except _Unplayable as error:
        log.warning("the copy of the journal in %s cannot be used: %s", folder, error)
        return _healed(path, None)


def _healed(path: Path, account: _Account | None) -> str:
    folder = path.parent / FOLDER
    if not path.exists():
        return _replaced(path, account)
    problem = _problem(path)
    if account is None:
        if problem:
            raise _hopeless(path, problem)
        _discard(folder)
        return ""
    if not problem:
        difference = _compared(path, account)
        if not difference:
            return ""
        if not account.intact:
            log.warning("the copy of the journal in %s is damaged and is made anew", folder)
            _discard(folder)
            return ""
        problem = difference
    elif account.cut:
        raise _hopeless(path, problem)
    return _restored(path, account, problem)


def _replaced(path: Path, account: _Account | None) -> str:
    """A journal that is missing: new in a new campaign, gone from an old one."""
    if account is not None:
        return _restored(path, account, "the journal was missing")
    if any((path.parent / "frames").glob("shard-*.bin")):
        raise _hopeless(path, "the file is missing")
    _discard(path.parent / FOLDER)
    return ""


def _hopeless(path: Path, problem: str) -> JournalError:
    return JournalError(
        path,
        f"the journal is damaged ({problem}), and there is no sound copy of it in {path.parent / FOLDER}; put a copy "
        "of your own in its place, or start a new campaign in another directory",
    )


def _compared(path: Path, account: _Account) -> str:
    """How a sound database differs from its account, if it does; what a crash left in the log is cut off."""
    with closing(account.database()) as whole:
        difference = _difference(whole, path)
    if not difference:
        account.trim()
    elif account.lines:
        # The process may have died between writing the last transaction down and committing it.
        with closing(account.database(without_last=True)) as before:
            if not _difference(before, path):
                account.trim(without_last=True)
                return ""
    return difference


class _Unplayable(Exception):
    """A copy and its log fit their checksums, and are no account of a journal."""


class _Account:
    """What a copy and its log say.

    Attributes
    ----------
    intact : bool
        Whether every line of the log is.
    cut : bool
        Whether a line in the midst of the log is damaged, so that what followed it is not known.
    """

    def __init__(self, content: bytes, log_path: Path) -> None:
        self._content, self._log_path = content, log_path
        self.lines: list[tuple[int, Any]] = []
        end = 0
        for begin, end, line in _lines(log_path):  # noqa: B007
            self.lines.append((begin, line))
        del self.lines[0]
        rest = log_path.read_bytes()[end:]
        self._end, self.intact, self.cut = end, not rest, b"\n" in rest[:-1]

    def database(self, without_last: bool = False) -> sqlite3.Connection:
        """The journal in memory.

        Raises
        ------
        _Unplayable
            When the copy is no journal, or a line of the log does anything but change rows.
        """
        db = sqlite3.connect(":memory:", isolation_level=None, uri=True)
        try:
            db.deserialize(self._content)
            guard(db)
            if problem := schema_problem(db):
                raise _Unplayable(problem)
            only_changes(db)
            for _, statements in self.lines[: len(self.lines) - without_last]:
                _play(db, statements)
            db.set_authorizer(None)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            db.close()
            raise _Unplayable(str(error)) from error
        except _Unplayable:
            db.close()
            raise
        return db

    def trim(self, without_last: bool = False) -> None:
        """Cut off what a crash left at the end of the log."""
        os.truncate(self._log_path, self.lines[-1][0] if without_last else self._end)


def _play(db: sqlite3.Connection, statements: Any) -> None:
    db.execute("BEGIN")
    for sql, values in msgspec.convert(statements, list[Statement]):
        if not sql.lstrip()[:8].upper().startswith(_CHANGES):
            raise _Unplayable(f"its log has a statement that changes no rows: {sql[:60]!r}")
        db.execute(sql, values)
    db.execute("COMMIT")


def _restored(path: Path, account: _Account, problem: str) -> str:
    with closing(account.database()) as db:
        content = db.serialize()
    aside = ""
    if path.exists():
        number = 1 + len(list(path.parent.glob("journal-damaged-*.db")))
        kept = path.with_name(f"journal-damaged-{number}.db")
        path.rename(kept)
        aside = f"; the damaged file is kept as {kept.name}"
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    write_atomic(path, content)
    sync_directory(path.parent)
    return f"{path}: {problem}. It was restored from {path.parent / FOLDER}, nothing is lost{aside}."


def _newest(folder: Path) -> int | None:
    """Number of the newest copy that has a log."""
    numbers = (path.stem[8:] for path in folder.glob("journal-[0-9]*.log"))
    return max((int(number) for number in numbers if number.isdecimal()), default=None)


def _discard(folder: Path) -> None:
    """Remove copies and logs, so that a new one begins when the journal is opened."""
    for path in folder.glob("journal-*"):
        path.unlink()


def _read(folder: Path, number: int) -> _Account | None:
    """The account that a copy and its log give; None, with a warning, when the copy is damaged."""
    first = next(_lines(_log_path(folder, number)), None)
    try:
        content = _copy_path(folder, number).read_bytes()
    except OSError:
        content = b""
    digest = hashlib.sha256(content).hexdigest()
    if first is None or first[2] != {"copy": number, "sha256": digest}:
        log.warning("%s is damaged and no copy of the journal any more", _copy_path(folder, number))
        return None
    return _Account(content, _log_path(folder, number))


def _lines(path: Path) -> Iterator[tuple[int, int, Any]]:
    """(begin, end, content) of the lines up to the first that is torn or damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    begin = 0
    while (end := data.find(b"\n", begin) + 1) > 0:
        checksum, _, text = data[begin : end - 1].partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            return
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield begin, end, content
        begin = end


def _without_wal(content: bytes) -> bytes:
    """A database file whose header does not ask for a write-ahead log, which one in memory cannot have."""
    return content[:18] + b"\x01\x01" + content[20:]


def _line(content: Any) -> bytes:
    text = json.dumps(content).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _problem(path: Path) -> str:
    """What SQLite itself finds wrong with a database."""
    try:
        with closing(sqlite3.connect(path)) as db:
            guard(db)
            if problem := schema_problem(db):
                return problem
            answer = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if answer == "ok" else answer
    except NOT_SQLITE as error:
        return str(error)


def _difference(expected: sqlite3.Connection, path: Path) -> str:
    """The first table of a database that does not hold what is expected of it, in words."""
    try:
        expected.execute("ATTACH DATABASE ? AS found", (f"{path.absolute().as_uri()}?mode=ro",))
        tables = expected.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in tables.fetchall():
            for one, other in (("main", "found"), ("found", "main")):
                query = f'SELECT count(*) FROM (SELECT * FROM {one}."{table}" EXCEPT SELECT * FROM {other}."{table}")'
                count = expected.execute(query).fetchone()[0]
                if count:
                    return f"{count} rows of its table {table} are not what was written"
    except NOT_SQLITE as error:
        return str(error)
    return ""


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _copy_path(folder: Path, number: int) -> Path:
    return folder / f"journal-{number:06d}.db"


def _log_path(folder: Path, number: int) -> Path:
    return folder / f"journal-{number:06d}.log"
