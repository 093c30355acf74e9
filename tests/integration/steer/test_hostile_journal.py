"""Commands on a campaign directory whose journal somebody changed: a sentence with the file's name, and no traceback."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys

import pytest

from steer.campaign import CampaignDirectory
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.journal import Journal, Seed


@pytest.fixture
def root(tmp_path):
    config = CampaignConfig(
        campaign=Campaign(name="t"), molecule=Molecule(sequence="AAA"), stop=Stop(refinements=1)
    )
    directory = CampaignDirectory.create(tmp_path / "campaign", config)
    journal = Journal(directory.journal)
    with journal.transaction():
        journal.add_force_field(1, {"network": "elastic"})
        journal.add_seed(Seed(1, "input", 0, "seeds/seed-000001.pdb"))
        journal.note(0, "StartFromSeed", "cg-000001", "thin")
    journal.close()
    return directory.root


DAMAGE = [
    "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END",
    "DROP TABLE models",
    "UPDATE sqlite_master SET sql = 'CREATE TABLE' WHERE name = 'jobs'",
    "PRAGMA user_version = 99",
]


@pytest.mark.parametrize("command", [["status", "--decisions"], ["coverage"], ["run"]])
@pytest.mark.parametrize("sql", DAMAGE)
def test_a_hostile_journal_is_told_by_name_and_without_a_traceback(root, command, sql):
    db = sqlite3.connect(root / "journal.db")
    db.execute("PRAGMA writable_schema = ON")
    db.execute(sql)
    db.commit()
    db.close()
    shutil.rmtree(root / "backup")
    ran = subprocess.run(
        [sys.executable, "-m", "steer", command[0], str(root), *command[1:]],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 1, ran.stderr
    assert "journal.db: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "unexpectedly" not in ran.stderr
