"""Rows of the journal, decoded by schema: text that does not say what its column must is an error that names its place.

Whatever a worker's event may bring (`steer.messages`) can be read back; the types here are no stricter than those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec

from steer.exceptions import JobError, JournalError
from steer.journalschema import NOT_SQLITE
from steer.messages import UNREADABLE, CgResult, Count, Job, RefineResult, decode_job
from steer.printable import printable

__all__ = ["META", "Decision", "InsidePath", "JobState", "Number", "Rows", "State"]

# Patterns end with \Z: $ would let a line break pass.
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
State = Annotated[str, msgspec.Meta(pattern=r"^(open|done|failed|rejected)\Z")]
JobState = Annotated[str, msgspec.Meta(pattern=r"^(planned|submitted|done|failed)\Z")]
InsidePath = Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?!(?:.*/)?\.\.(?:/|\Z))[^\x00-\x1f\x7f]*\Z")]
"""Relative, and never upwards."""

_Real = Annotated[float, msgspec.Meta(ge=0, le=1e300)]


class _Goals(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    require: Literal["any", "all"]
    aggregate_time: _Real | None = None
    refinements: Count | None = None
    coverage: _Real | None = None
    walltime: _Real | None = None


class _Extension(msgspec.Struct, forbid_unknown_fields=True):
    by: _Goals
    before: _Goals
    after: _Goals


META: dict[str, Any] = {
    "round": Count,
    "elapsed": _Real,
    "share": Annotated[float, msgspec.Meta(ge=0, le=1)] | None,
    "extension_pending": bool,
    "extensions": list[_Extension],
}
"""What may stand under each key of the table meta."""

T = TypeVar("T")

_RESULTS = {"cg": CgResult, "aa": RefineResult}


class Decision(msgspec.Struct, frozen=True):
    """One row of the table decisions."""

    round: Count
    action: str
    subject: str
    reason: str


class _Connection(Protocol):
    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor: ...


class Rows:
    """Reads a journal's rows.

    Parameters
    ----------
    path : Path
        Of the journal, for messages.
    db : connection
        With `sqlite3.Row` as its row factory. Rows carry their rowid as the column ``row_``, for messages.
    """

    def __init__(self, path: Path, db: _Connection) -> None:
        self._path, self._db = path, db

    def read(self, table: str, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query.

        Raises
        ------
        JournalError
            When SQLite cannot read them.
        """
        try:
            return self._db.execute(sql, values).fetchall()
        except NOT_SQLITE as error:
            raise JournalError(
                self._path, f"table {table} cannot be read ({printable(str(error))}); {_TO_DO}"
            ) from error

    def all(self, table: str, kind: type[T], sql: str) -> list[T]:
        """All rows of a query, each as one object."""
        return [self.one(table, kind, row, {}) for row in self.read(table, sql)]

    def one(self, table: str, kind: type[T], row: sqlite3.Row, decoded: Mapping[str, Any]) -> T:
        """A row as an object; `decoded` has the columns that are more than their stored values."""
        try:
            return msgspec.convert({**dict(row), **decoded}, kind)
        except UNREADABLE as error:
            problem, _, column = str(error).partition(" - at `$.")
            raise self._wrong(table, row, column.rstrip("`"), problem) from error

    def json(self, table: str, row: sqlite3.Row, column: str, kind: Any) -> Any:
        """What the JSON text of a column says, as JSON types; None where there is none."""
        text = row[column]
        if text is None:
            return None
        if not isinstance(text, str):
            raise self._wrong(table, row, column, f"expected text, not {type(text).__name__}")
        try:
            return msgspec.to_builtins(msgspec.json.decode(text, type=kind))
        except UNREADABLE as error:
            raise self._wrong(table, row, column, str(error)) from error

    def simulation(self, row: sqlite3.Row) -> dict[str, Any]:
        """The decoded columns of a simulation; they agree with its id and level."""
        if row["level"] not in _RESULTS:
            raise self._wrong("simulations", row, "level", "expected 'cg' or 'aa'")
        result = self.json("simulations", row, "result", _RESULTS[row["level"]])
        if result is not None and result["simulation"] != row["id"]:
            raise self._wrong("simulations", row, "result", "it is the result of another simulation")
        if not str(row["id"]).startswith(f"{row['level']}-"):
            raise self._wrong("simulations", row, "id", "it does not begin with the row's level")
        if row["steered"] not in (0, 1):
            raise self._wrong("simulations", row, "steered", "expected 0 or 1")
        return {"result": result, "steered": bool(row["steered"])}

    def job(self, row: sqlite3.Row) -> Job:
        """The job of a payload; it agrees with the row's key and kind."""
        if not isinstance(row["payload"], str):
            raise self._wrong("jobs", row, "payload", "expected text")
        try:
            job = decode_job(row["payload"])
        except JobError as error:
            raise self._wrong("jobs", row, "payload", str(error)) from error
        if (job.key, job.__struct_config__.tag) != (row["key"], row["kind"]):
            raise self._wrong("jobs", row, "payload", "it is another job than the row's key and kind say")
        return job

    def _wrong(self, table: str, row: sqlite3.Row, column: str, problem: str) -> JournalError:
        where = f"table {table}, row {row['row_']}, column {printable(column) or '?'}"
        return JournalError(self._path, f"{where}: {printable(problem).rstrip('.')}; {_TO_DO}")


_TO_DO = (
    "it was damaged or changed from outside: 'steer run' on its directory restores it where backup/ has it otherwise, "
    "else put a copy of your own in place of both"
)
