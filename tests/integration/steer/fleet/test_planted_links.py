"""Links that somebody planted where a worker, or a coordinator, is about to write."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conformance.fleet import cg_job, collect


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("place", ["cg", "cg/cg-000001", "logs/cg-000001.log"])
def test_a_worker_fails_the_job_and_writes_nothing_elsewhere(
    fleet, start_worker, directory, elsewhere, place
):
    start_worker()
    link = directory.root / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere / "log" if place.endswith(".log") else elsewhere)
    fleet.submit(cg_job(1))
    (event,) = collect(fleet, 1)
    assert event.status == "failed"
    assert "symbolic link" in event.error
    assert list(elsewhere.iterdir()) == []


def test_a_coordinator_does_not_start(directory, elsewhere):
    (directory.root / "status.json").symlink_to(elsewhere / "status.json")
    ran = subprocess.run(
        [sys.executable, "-m", "steer", "run", str(directory.root)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 2, ran.stderr
    assert "status.json: this is a symbolic link" in ran.stderr
    assert list(elsewhere.iterdir()) == []
