"""What only reads, on a campaign directory whose journal somebody changed: the real commands."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys

import pytest

from steer.campaign import CampaignDirectory
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.journal import Journal, Seed

PATIENCE = 120.0


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
    journal.close()
    db = sqlite3.connect(directory.journal)
    db.execute("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM seeds; END")
    db.commit()
    db.close()
    shutil.rmtree(directory.root / "backup")
    return directory.root


@pytest.mark.parametrize("status", [None, '{"phase": "\\u001b]0;owned\\u0007"}', "[" * 100_000, "\x80\x04]"])
def test_plain_status_tells_what_it_cannot_read(root, status):
    if status is not None:
        (root / "status.json").write_text(status, encoding="latin-1")
    ran = subprocess.run(
        [sys.executable, "-m", "steer", "status", str(root)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert ran.returncode in (0, 1, 2), ran.stderr
    assert ran.stdout or ran.stderr
    for text in (ran.stdout, ran.stderr):
        assert "Traceback" not in text
        assert "unexpectedly" not in text
        assert "\x1b]0;" not in text


def test_the_dashboard_ends_and_says_what_is_wrong(root):
    ran = subprocess.run(
        [sys.executable, "-m", "steer", "dashboard", str(root), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 1, ran.stderr
    assert "journal.db: it has a trigger" in ran.stderr
    assert "Traceback" not in ran.stderr
