"""The journal: what was decided and what came of it. A SQLite file (WAL), and the truth of a campaign.

Redis can be emptied, and every process killed: jobs, simulations, seeds with their lineage, promotions with their
scores, model and force-field versions are here, and each change is one transaction. A job is *planned* in the same
transaction as the simulation it runs, then submitted; a crash between the two is repaired on resume, because its key
is deterministic and submitting twice is harmless. A job's end is written together with everything that follows from
it (the seed an accepted refinement gives), and a second delivery of the same event changes nothing.

Only the coordinator writes; each change is written down a second time (`steer.journalcopy`). Readers open the file
read-only, while it runs or after.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from steer.exceptions import JournalError
from steer.journalcopy import JournalCopy, RecordedConnection
from steer.journalrecords import ForceField, JobRow, Model, Promotion, Seed, Simulation
from steer.journalrows import META, Decision, Rows
from steer.journalschema import NOT_SQLITE, SCHEMA, SCHEMA_VERSION, guard, schema_problem
from steer.messages import (
    CgJob,
    CgResult,
    Job,
    JobEvent,
    RefineJob,
    RefineResult,
    TrainJob,
    encode,
)

__all__ = ["ForceField", "JobRow", "Journal", "Model", "Promotion", "Seed", "Simulation"]

T = TypeVar("T")

_AT_ONCE = 500
"""Jobs marked by one statement."""


class Journal:
    """A campaign's journal.

    Parameters
    ----------
    path : Path
        ``journal.db``.
    read_only : bool
        For readers beside a running coordinator.
    durable : bool
        False for a journal that nobody will resume from: it is not synced, and not written down a second time.

    Raises
    ------
    JournalError
        When the file is damaged, of another schema, or holds what no journal holds. Methods that read raise it too,
        naming table, row and column, when a value does not fit its schema.
    """

    def __init__(self, path: Path, *, read_only: bool = False, durable: bool = True) -> None:
        self.path = path
        if read_only and not path.exists():
            raise JournalError(path, "there is no journal here; is this a campaign directory?")
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
            uri=True,
            isolation_level=None,
            timeout=30,
        )
        try:
            self._prepare(db, read_only)
        except NOT_SQLITE as error:
            db.close()
            raise JournalError(
                path, f"the journal cannot be read ({error}); 'steer run' on its directory restores it"
            ) from error
        except JournalError:
            db.close()
            raise
        if not durable:
            db.execute("PRAGMA synchronous = OFF")
        self._db = db if read_only or not durable else RecordedConnection(db, JournalCopy(path, db))
        self._rows = Rows(path, self._db)

    def _prepare(self, db: sqlite3.Connection, read_only: bool) -> None:
        guard(db)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        if read_only:
            db.execute("PRAGMA query_only = ON")
        else:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not read_only:
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise JournalError(
                self.path, f"its schema is version {version}; this steer reads {SCHEMA_VERSION}"
            )
        if problem := schema_problem(db):
            raise JournalError(self.path, f"{problem}; 'steer run' on its directory restores it from backup/")
        for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
            raise JournalError(
                self.path,
                f"table {table}, row {row} names a row of {parent} that is not there; 'steer run' on its directory "
                "restores it, or put a copy of your own in its place",
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none of them."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # -- meta ---------------------------------------------------------------------------------------------------

    def get_meta(self, key: str, default: Any = None) -> Any:
        """A value kept under `key`, or `default`."""
        rows = self._rows.read("meta", "SELECT rowid AS row_, value FROM meta WHERE key = ?", (key,))
        return self._rows.json("meta", rows[0], "value", META.get(key, Any)) if rows else default

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a JSON value under `key`."""
        self._db.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value, sort_keys=True))
        )

    # -- writing what was decided -------------------------------------------------------------------------------

    def add_force_field(self, version: int, definition: dict[str, Any]) -> None:
        """Record a force-field version."""
        self._db.execute(
            "INSERT INTO force_fields VALUES (?, ?)", (version, json.dumps(definition, sort_keys=True))
        )

    def add_seed(self, seed: Seed) -> None:
        """Record a seed."""
        self._db.execute(
            "INSERT INTO seeds (id, origin, generation, file, parent, step, frame_row) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seed.id, seed.origin, seed.generation, seed.file, seed.parent, seed.step, seed.frame_row),
        )

    def plan_cg(self, job: CgJob, seed: Seed, *, steered: bool) -> None:
        """Record a CG simulation and its job as planned."""
        self._add_simulation(
            job.simulation, "cg", seed.generation, seed.id, job.force_field, job.steps, steered
        )
        self._add_job("cg", job)

    def plan_refinement(self, job: RefineJob, promotion: Promotion, generation: int) -> None:
        """Record a refinement, the promotion it comes from, and its job as planned."""
        self._add_simulation(job.simulation, "aa", generation, None, job.force_field, job.steps, True)
        self._db.execute(
            "INSERT INTO promotions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                promotion.simulation,
                promotion.source,
                promotion.step,
                promotion.frame_row,
                promotion.model,
                promotion.selector,
                promotion.score,
                promotion.round,
            ),
        )
        self._add_job("refine", job)

    def plan_training(self, job: TrainJob) -> None:
        """Record a model version and the job that trains it as planned."""
        self._db.execute("INSERT INTO models VALUES (?, ?, 'open', NULL)", (job.version, job.frames))
        self._add_job("train", job)

    def _add_simulation(
        self,
        id: str,
        level: str,
        generation: int,
        seed: int | None,
        force_field: int,
        steps: int,
        steered: bool,
    ) -> None:
        self._db.execute(
            "INSERT INTO simulations VALUES (?, ?, ?, ?, ?, ?, ?, 'open', NULL)",
            (id, level, generation, seed, force_field, steps, int(steered)),
        )

    def _add_job(self, kind: str, job: Job) -> None:
        self._db.execute(
            "INSERT INTO jobs (key, kind, payload, state) VALUES (?, ?, ?, 'planned')",
            (job.key, kind, encode(job)),
        )

    def mark_submitted(self, keys: Sequence[str]) -> None:
        """These jobs are in the fleet's queues."""
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            places = ", ".join("?" * len(some))
            self._db.execute(
                f"UPDATE jobs SET state = 'submitted' WHERE state = 'planned' AND key IN ({places})", some
            )

    def note(self, round: int, action: str, subject: str, reason: str) -> None:
        """Record why something was decided."""
        self._db.execute(
            "INSERT INTO decisions (round, action, subject, reason) VALUES (?, ?, ?, ?)",
            (round, action, subject, reason),
        )

    # -- writing what came of it --------------------------------------------------------------------------------

    def record(self, event: JobEvent) -> bool:
        """Record the end of one attempt at a job.

        Returns
        -------
        bool
            True when this is news: False for an unknown job, and for one whose end is already recorded (the event
            was delivered twice, or the job ran twice).
        """
        over = event.status != "returned"
        values = [event.worker, event.started, event.finished, event.error, event.log, event.key]
        changed = self._db.execute(
            f"UPDATE jobs SET {'state = ?, ' * over}attempts = attempts + 1, worker = ?, started = ?, finished = ?, "
            "error = ?, log = ? WHERE key = ? AND state IN ('planned', 'submitted')",
            [event.status, *values] if over else values,
        )
        if not changed.rowcount:
            return False
        if over:
            self._record_outcome(event)
        return True

    def _record_outcome(self, event: JobEvent) -> None:
        result = None if event.result is None else msgspec.to_builtins(event.result)
        # A key is its kind, and the version or the simulation that the job makes.
        kind, _, made = event.key.partition(":")
        if kind == "train":
            statistics = None if result is None else json.dumps(result.get("statistics"), sort_keys=True)
            self._db.execute(
                "UPDATE models SET state = ?, statistics = ? WHERE version = ?",
                (event.status, statistics, int(made)),
            )
            return
        state = event.status
        if isinstance(event.result, RefineResult) and not event.result.accepted:
            state = "rejected"  # type: ignore[assignment]
        text = None if result is None else json.dumps(result, sort_keys=True)
        steps = [event.result.steps] if isinstance(event.result, CgResult) else []
        self._db.execute(
            f"UPDATE simulations SET state = ?, result = ?{', steps = ?' * len(steps)} WHERE id = ?",
            [state, text, *steps, made],
        )

    # -- reading ------------------------------------------------------------------------------------------------

    def seeds(self) -> list[Seed]:
        """All seeds, by id."""
        return self._rows.all("seeds", Seed, "SELECT rowid AS row_, * FROM seeds ORDER BY id")

    def simulations(self, level: str | None = None) -> list[Simulation]:
        """All simulations (of one level), by id."""
        where, arguments = ("WHERE level = ?", (level,)) if level else ("", ())
        rows = self._rows.read(
            "simulations",
            f"SELECT rowid AS row_, * FROM simulations {where} ORDER BY length(id), id",
            arguments,
        )
        return [self._rows.one("simulations", Simulation, row, self._rows.simulation(row)) for row in rows]

    def promotions(self) -> list[Promotion]:
        """All promotions, in the order of their refinements."""
        return self._rows.all(
            "promotions",
            Promotion,
            "SELECT rowid AS row_, * FROM promotions ORDER BY length(simulation), simulation",
        )

    def models(self) -> list[Model]:
        """All model versions, by version."""
        return self._with_json("models", Model, "statistics")

    def force_fields(self) -> list[ForceField]:
        """All force-field versions."""
        return self._with_json("force_fields", ForceField, "definition")

    def _with_json(self, table: str, kind: type[T], column: str) -> list[T]:
        rows = self._rows.read(table, f"SELECT rowid AS row_, * FROM {table} ORDER BY version")
        return [
            self._rows.one(table, kind, row, {column: self._rows.json(table, row, column, dict[str, Any])})
            for row in rows
        ]

    def jobs(self) -> list[JobRow]:
        """All jobs, in the order they were planned."""
        return self._rows.all(
            "jobs",
            JobRow,
            "SELECT rowid AS row_, key, kind, state, attempts, worker, started, finished, error, log FROM jobs "
            "ORDER BY rowid",
        )

    def unfinished(self) -> list[Job]:
        """Jobs that were planned or submitted and have not ended, in the order they were planned."""
        rows = self._rows.read(
            "jobs",
            "SELECT rowid AS row_, key, kind, payload FROM jobs WHERE state IN ('planned', 'submitted') ORDER BY rowid",
        )
        return [self._rows.job(row) for row in rows]

    def last_ended(self, kind: str, count: int) -> list[tuple[str, float]]:
        """Keys of the jobs of this kind that were done last, newest first, and how many seconds each took."""
        rows = self._rows.read(
            "jobs",
            "SELECT key, finished - started FROM jobs WHERE kind = ? AND state = 'done' "
            "ORDER BY finished DESC, rowid DESC LIMIT ?",
            (kind, count),
        )
        return [(row[0], float(row[1] or 0.0)) for row in rows]

    def finishing(self) -> set[str]:
        """Open simulations that were decided to end early."""
        rows = self._rows.read(
            "decisions",
            "SELECT DISTINCT subject FROM decisions JOIN simulations ON subject = simulations.id "
            "WHERE action = 'Finish' AND simulations.state = 'open'",
        )
        return {row[0] for row in rows}

    def decisions(self) -> list[tuple[int, str, str, str]]:
        """(round, action, subject, reason) of every decision, oldest first."""
        rows = self._rows.all(
            "decisions",
            Decision,
            "SELECT rowid AS row_, round, action, subject, reason FROM decisions ORDER BY id",
        )
        return [(row.round, row.action, row.subject, row.reason) for row in rows]
