"""What a journal's database may hold: our tables and indices as we write them, and nothing that acts by itself.

SQLite files can carry triggers, views and virtual tables, which run when somebody reads or writes. A database that has
any is not opened, and a log of statements that is played back may change rows and nothing else.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import lru_cache

__all__ = ["NOT_SQLITE", "SCHEMA", "SCHEMA_VERSION", "guard", "only_changes", "schema_problem"]

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE force_fields (version INTEGER PRIMARY KEY, definition TEXT NOT NULL);
CREATE TABLE seeds (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL CHECK (origin IN ('input', 'cg', 'aa')),
    generation INTEGER NOT NULL,
    file TEXT NOT NULL,
    parent TEXT REFERENCES simulations (id),
    step INTEGER,
    frame_row INTEGER
);
CREATE TABLE simulations (
    id TEXT PRIMARY KEY,
    level TEXT NOT NULL CHECK (level IN ('cg', 'aa')),
    generation INTEGER NOT NULL,
    seed INTEGER REFERENCES seeds (id),
    force_field INTEGER NOT NULL REFERENCES force_fields (version),
    steps INTEGER NOT NULL,
    steered INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'rejected')),
    result TEXT
);
CREATE TABLE promotions (
    simulation TEXT PRIMARY KEY REFERENCES simulations (id),
    source TEXT NOT NULL REFERENCES simulations (id),
    step INTEGER NOT NULL,
    frame_row INTEGER NOT NULL,
    model INTEGER NOT NULL REFERENCES models (version),
    selector TEXT NOT NULL,
    score REAL,
    round INTEGER NOT NULL
);
CREATE TABLE models (
    version INTEGER PRIMARY KEY,
    frames INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    statistics TEXT
);
CREATE TABLE jobs (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'submitted', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    started REAL,
    finished REAL,
    error TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL DEFAULT ''
);
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX simulations_by_seed ON simulations (seed);
"""

NOT_SQLITE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged database raises when it is read; SQLite's own messages may quote bytes that are no UTF-8."""

_ALLOWED = {
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_TRANSACTION,
}
"""Without SELECT and functions a statement cannot take long, and without ATTACH it cannot touch another file."""


def guard(db: sqlite3.Connection) -> None:
    """Before anything is read: nothing in the file is trusted to run, and its pages are looked at twice."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")


def schema_problem(db: sqlite3.Connection) -> str:
    """What a database has beyond a journal's tables and indices, or lacks; empty when all is well.

    A journal of another version may have other tables, but nothing that acts by itself.

    Raises
    ------
    sqlite3.DatabaseError
        When the schema cannot be read at all.
    """
    found = _objects(db)
    for kind, name, table, sql in sorted(found, key=repr):
        if kind not in ("table", "index") or not str(sql).startswith(("CREATE TABLE", "CREATE INDEX")):
            return f"it has a {kind} {name!r} on {table!r}, which no journal has"
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        return ""
    for kind, name, _, _ in sorted(found ^ _expected(), key=repr):
        return f"its {kind} {name!r} is not as a journal's schema has it"
    return ""


def only_changes(db: sqlite3.Connection) -> None:
    """From now on this connection can insert, update and delete rows of its own tables, and nothing else."""
    db.set_authorizer(_authorize)


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    allowed = action in _ALLOWED and not (first or "").startswith("sqlite_")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _objects(db: sqlite3.Connection) -> frozenset[tuple[object, ...]]:
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset(tuple(row) for row in rows)


@lru_cache
def _expected() -> frozenset[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return _objects(db)
