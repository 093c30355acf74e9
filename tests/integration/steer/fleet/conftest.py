"""A campaign directory, a real Redis, and worker daemons whose jobs count."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conformance.fleet import PATIENCE

from steer.campaign import CampaignDirectory
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.docket_fleet import DocketFleet

TESTS = Path(__file__).parents[3]
LEASE = 2.0


def wait_for(condition, what="it never came to be"):
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return answer


class Daemon:
    """A worker daemon in a process of its own."""

    def __init__(self, url: str, log: Path, **options) -> None:
        settings = {"slots": 1, "lease": LEASE, "grace": 10.0, "heartbeat": 0.3, **options}
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fleet_stand_ins", url, json.dumps(settings)],
                env={**os.environ, "PYTHONPATH": str(TESTS)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self) -> int:
        return self.process.wait(PATIENCE)


class Folder:
    """What the counting job of a number has left on disk."""

    def __init__(self, directory: CampaignDirectory, number: int) -> None:
        self.path = directory.simulation(f"cg-{number:06d}")

    def notes(self) -> list[str]:
        notes = self.path / "notes"
        return notes.read_text().splitlines() if notes.exists() else []

    def pids(self) -> list[int]:
        return [int(note.split()[1]) for note in self.notes() if note.startswith("began")]

    def starts(self) -> list[int]:
        """The step each attempt went on from."""
        return [int(note.split()[3]) for note in self.notes() if note.startswith("began")]

    def step(self) -> int:
        counter = self.path / "counter"
        return int(counter.read_text()) if counter.exists() else 0


@pytest.fixture
def directory(tmp_path):
    config = CampaignConfig(
        campaign=Campaign(name="trp"), molecule=Molecule(sequence="NLYIQW"), stop=Stop(refinements=1)
    )
    return CampaignDirectory.create(tmp_path / "campaign", config)


@pytest.fixture
def folder(directory):
    return lambda number: Folder(directory, number)


@pytest.fixture
def open_fleet(server, directory):
    """A function that opens the coordinator's side; opened again, it is what a restarted coordinator sees."""
    fleets = []

    def open_fleet():
        fleets.append(DocketFleet(server.connection.url, "trp", directory.root))
        return fleets[-1]

    yield open_fleet
    for fleet in fleets:
        fleet.close()


@pytest.fixture
def fleet(open_fleet):
    return open_fleet()


@pytest.fixture
def start_worker(server, tmp_path, fleet):
    """A function that starts a worker daemon, with the rights of a worker, and waits until it is attached."""
    daemons = []

    def start_worker(wait=True, connection=server.worker_connection, **options):
        daemon = Daemon(connection.url, tmp_path / f"worker-{len(daemons)}.log", **options)
        daemons.append(daemon)
        if wait:
            pid = daemon.process.pid
            wait_for(lambda: any(worker.pid == pid for worker in fleet.workers()), "no worker came")
        return daemon

    yield start_worker
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.signal(signal.SIGCONT)
            daemon.kill()
