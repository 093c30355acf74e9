"""The journal is the truth: nothing lost, nothing counted twice, whatever is delivered how often."""

import sqlite3

import pytest

from steer.config import CampaignConfig
from steer.exceptions import JournalError
from steer.journal import Journal, Promotion, Seed
from steer.ledger import Ledger
from steer.messages import CgJob, CgResult, JobEvent, RefineJob, RefineResult, TrainJob, TrainResult

CONFIG = CampaignConfig.model_validate(
    {"campaign": {"name": "t"}, "molecule": {"sequence": "AAA"}, "stop": {"refinements": 1}}
)
INPUT = Seed(1, "input", 0, "seeds/seed-000001.pdb")


def cg_job(number: int = 1) -> CgJob:
    return CgJob(
        key=f"cg:cg-{number:06d}",
        simulation=f"cg-{number:06d}",
        start=INPUT.file,
        force_field=1,
        steps=1000,
        random_seed=7,
    )


def cg_done(job: CgJob) -> JobEvent:
    result = CgResult(
        simulation=job.simulation,
        steps=1000,
        frames=10,
        seconds=1.0,
        steps_per_second=1000.0,
        platform="CPU",
        end_state=f"cg/{job.simulation}/state.xml",
    )
    return JobEvent(key=job.key, status="done", worker="w", started=1.0, finished=2.0, result=result)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    with journal.transaction():
        journal.add_force_field(1, {"network": "elastic"})
        journal.add_seed(INPUT)
    yield journal
    journal.close()


def plan(journal: Journal, job: CgJob) -> None:
    with journal.transaction():
        journal.plan_cg(job, INPUT, steered=True)


def test_a_planned_job_survives_reopening(journal):
    plan(journal, cg_job())
    journal.close()
    again = Journal(journal.path)
    assert again.unfinished() == [cg_job()]
    assert [s.id for s in again.simulations()] == ["cg-000001"]
    again.close()


def test_simulations_come_by_number_also_beyond_the_first_million(journal):
    for number in (1_000_000, 999_999, 5, 1_000_001):
        plan(journal, cg_job(number))
    numbers = [int(simulation.id[3:]) for simulation in journal.simulations()]
    assert numbers == [5, 999_999, 1_000_000, 1_000_001]


def test_an_event_delivered_twice_counts_once(journal):
    plan(journal, cg_job())
    assert journal.record(cg_done(cg_job()))
    assert not journal.record(cg_done(cg_job()))
    (job,) = journal.jobs()
    assert (job.state, job.attempts) == ("done", 1)
    assert journal.unfinished() == []


def test_an_event_of_an_unknown_job_changes_nothing(journal):
    assert not journal.record(cg_done(cg_job(99)))
    assert journal.simulations() == []


def test_a_returned_job_stays_open(journal):
    plan(journal, cg_job())
    assert journal.record(
        JobEvent(key=cg_job().key, status="returned", worker="w", started=1.0, finished=2.0)
    )
    assert journal.unfinished() == [cg_job()]


def test_a_transaction_that_fails_leaves_nothing(journal):
    def write_half() -> None:
        with journal.transaction():
            journal.plan_cg(cg_job(), INPUT, steered=True)
            journal.add_seed(INPUT)

    with pytest.raises(sqlite3.IntegrityError):
        write_half()
    assert journal.simulations() == []
    assert journal.jobs() == []


REFINE = RefineJob(
    key="refine:aa-000001",
    simulation="aa-000001",
    target="aa/aa-000001/target.pdb",
    reference="structures/protein.pdb",
    force_field=1,
    steps=10,
    random_seed=1,
)
TRAIN = TrainJob(key="train:0001", version=1, previous=0, frames=100, random_seed=1)
PROMOTED = Promotion("aa-000001", "cg-000001", 500, 4, 1, "farthest_point", 1.5, 0)


def rejected() -> JobEvent:
    result = RefineResult(
        simulation="aa-000001",
        accepted=False,
        reasons=["TRP 6 is a D residue"],
        report={},
        backmapper="mstool",
        attempts=6,
        steps=0,
        frames=0,
        seconds=2.0,
        platform="CPU",
        secondary_structure="",
        end_state="",
    )
    return JobEvent(key=REFINE.key, status="done", worker="w", started=1.0, finished=2.0, result=result)


def test_a_rejected_refinement_keeps_its_reasons(journal):
    plan(journal, cg_job())
    with journal.transaction():
        journal.plan_training(TRAIN)
        journal.plan_refinement(REFINE, PROMOTED, 0)
    journal.record(rejected())
    (refinement,) = journal.simulations("aa")
    assert refinement.state == "rejected"
    assert refinement.result["reasons"] == ["TRP 6 is a D residue"]
    assert journal.promotions()[0].score == 1.5


def test_the_ledger_in_memory_says_what_a_fresh_one_reads_from_disk(journal):
    ledger = Ledger(journal, CONFIG)
    with journal.transaction():
        for number in (1, 2, 3):
            ledger.plan_cg(cg_job(number), INPUT, steered=number > 1)
        ledger.plan_training(TRAIN)
        ledger.plan_refinement(REFINE, PROMOTED, 0)
    assert ledger.open_by_kind() == {"cg": 3, "refine": 1, "train": 1}
    with journal.transaction():
        ledger.record(cg_done(cg_job(1)))
        ledger.record(
            JobEvent(key=cg_job(2).key, status="failed", worker="w", started=1.0, finished=2.0, error="NaN")
        )
        trained = TrainResult(version=1, statistics={"loss": 0.5}, seconds=1.0)
        ledger.record(rejected())
        ledger.record(
            JobEvent(key="train:0001", status="done", worker="w", started=1.0, finished=2.0, result=trained)
        )
    fresh = Ledger(journal, CONFIG)
    for name in (
        "seeds",
        "simulations",
        "models",
        "open",
        "started",
        "failed",
        "generations",
        "rejected_reasons",
    ):
        assert getattr(ledger, name) == getattr(fresh, name), name
    for ask in ("open_by_kind", "refinements"):
        assert getattr(ledger, ask)() == getattr(fresh, ask)(), ask
    assert ledger.states("cg") == {"open": 1, "done": 1, "failed": 1, "rejected": 0}
    assert ledger.next_number("cg") == fresh.next_number("cg") == 4
    assert ledger.refinements() == {"open": 0, "accepted": 0, "rejected": 1, "failed": 0}
    assert ledger.rejected_reasons == {"TRP 6 is a D residue": 1}
    assert ledger.cg_time_planned == fresh.cg_time_planned
    assert fresh.cg_time_planned == pytest.approx(2 * 1000 * 0.02)
    assert fresh.latest_model() == 1


def test_readers_open_it_beside_the_writer(journal):
    reader = Journal(journal.path, read_only=True)
    plan(journal, cg_job())
    assert len(reader.simulations()) == 1
    with pytest.raises(sqlite3.OperationalError):
        reader.set_meta("x", 1)
    reader.close()


def test_a_damaged_file_is_reported_by_name(tmp_path):
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match=r"journal\.db.*cannot be read"):
        Journal(path)


def test_a_missing_journal_is_reported(tmp_path):
    with pytest.raises(JournalError, match="no journal here"):
        Journal(tmp_path / "journal.db", read_only=True)


def test_a_journal_of_another_schema_is_refused(journal):
    journal.close()
    db = sqlite3.connect(journal.path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="version 99"):
        Journal(journal.path)


def changed(journal: Journal, sql: str, *values) -> Journal:
    """The journal after somebody changed it by hand, as readers open it."""
    plan(journal, cg_job())
    journal.record(cg_done(cg_job()))
    plan(journal, cg_job(2))
    journal.set_meta("round", 1)
    journal.note(1, "StartFromSeed", "cg-000001", "thin")
    db = sqlite3.connect(journal.path)
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("PRAGMA writable_schema = ON")
    db.execute(sql, values)
    db.commit()
    db.close()
    return Journal(journal.path, read_only=True)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("meta", "value", "no JSON"),
        ("meta", "value", "-1"),
        ("meta", "value", b"1"),
        ("force_fields", "definition", "[" * 5000),
        ("force_fields", "definition", "[]"),
        ("seeds", "file", "../../elsewhere"),
        ("seeds", "file", "/etc/passwd"),
        ("seeds", "origin", "elsewhere"),
        ("seeds", "generation", -1),
        ("simulations", "steps", 2**63 - 1),
        ("simulations", "result", "{}"),
        ("simulations", "result", "NaN"),
        ("simulations", "level", "aa"),
        ("simulations", "steered", 7),
        ("jobs", "payload", b"{}"),
        ("jobs", "payload", '{"kind": "cg"}'),
        ("jobs", "key", "cg:cg-000009"),
        ("jobs", "attempts", "many"),
        ("jobs", "worker", b"\xff"),
        ("decisions", "round", 0.5),
        ("decisions", "reason", b"x"),
    ],
)
def test_a_value_of_no_schema_is_told_by_its_table_row_and_column(journal, table, column, value):
    reader = changed(
        journal, f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT max(rowid) FROM {table})", value
    )
    with pytest.raises(
        JournalError, match=rf"journal\.db: table {table}, row \d+, column \w+: .*'steer run'"
    ):
        read_all(reader)
    reader.close()


def read_all(reader: Journal) -> None:
    reader.get_meta("round")
    for read in (reader.force_fields, reader.seeds, reader.simulations, reader.unfinished, reader.jobs):
        read()
    reader.decisions()


def test_text_that_is_no_utf8_is_told_by_its_table(journal):
    reader = changed(journal, "UPDATE jobs SET worker = CAST(x'ff41' AS TEXT)")
    with pytest.raises(JournalError, match="table jobs cannot be read"):
        reader.jobs()
    reader.close()


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END", "trigger 't'"),
        ("CREATE VIEW v AS SELECT * FROM seeds", "view 'v'"),
        ("CREATE VIRTUAL TABLE f USING fts5(x)", "table 'f'"),
        ("CREATE INDEX i ON jobs (hex(worker))", "index 'i'"),
        ("DROP TABLE decisions", "table 'decisions'"),
        ("ALTER TABLE jobs DROP COLUMN log", "table 'jobs'"),
        ("UPDATE sqlite_master SET sql = 'CREATE TABLE' WHERE name = 'jobs'", "malformed"),
        ("UPDATE sqlite_master SET sql = CAST(x'43ff80' AS TEXT) WHERE name = 'jobs'", "journal"),
        ("UPDATE simulations SET seed = 99", "names a row of seeds that is not there"),
    ],
)
def test_a_journal_with_something_planted_is_not_opened(journal, sql, named):
    with pytest.raises(JournalError, match=named):
        changed(journal, sql)


def test_readers_cannot_write_and_trust_nothing_in_the_schema(journal):
    reader = Journal(journal.path, read_only=True)
    (query_only,), (trusted,) = (
        reader._db.execute(f"PRAGMA {name}").fetchone() for name in ("query_only", "trusted_schema")
    )
    assert (query_only, trusted) == (1, 0)
    reader.close()


def test_an_open_job_without_its_simulation_is_refused_when_the_campaign_is_taken_up(journal):
    plan(journal, cg_job())
    journal._db.execute("DELETE FROM simulations")
    with pytest.raises(JournalError, match="cg:cg-000001 is to be run"):
        Ledger(journal, CONFIG)


@pytest.mark.parametrize("worker", ["", "\x1b[2J", "é" * 5000, "../../x", "a\x00b"])
def test_whatever_a_workers_event_may_say_can_be_read_back(journal, worker):
    plan(journal, cg_job())
    event = JobEvent(
        key=cg_job().key,
        status="failed",
        worker=worker,
        started=1e300,
        finished=-1.0,
        error=worker,
        log="é x/y..log",
    )
    journal.record(event)
    (row,) = journal.jobs()
    assert (row.worker, row.started, row.error, row.log) == (worker, 1e300, worker, "é x/y..log")
