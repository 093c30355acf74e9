"""Three hosts: coordinator and Redis on one, a worker on each of two others; the network parts, and heals."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from namespaces import Hosts, require_hosts

from steer.framereader import FrameReader
from steer.journal import Journal

EXAMPLE = Path(__file__).parents[3] / "examples" / "trp-cage" / "trpcage.pdb"
CAMPAIGN = """
[campaign]
name = "hosts"
seed = 7

[molecule]
structure = "trpcage.pdb"

[allatom]
solvent = "implicit"

[coarse]
network = "none"
padding = "1.0 nm"
length = "60 ps"
segment = "10 ps"
frame_interval = "0.4 ps"

[seeding]
initial = 2

[stop]
aggregate_time = "120 ps"

[workers]
platform = "CPU"
"""
FRAMES = 150
PATIENCE = 150.0
STEER = [sys.executable, "-m", "steer"]


@pytest.fixture
def hosts():
    require_hosts()
    with Hosts(["head", "left", "right"]) as hosts:
        yield hosts


@pytest.fixture
def start(hosts, tmp_path):
    """A function that starts steer on a host; its output is in a file of the host's name."""
    started = []

    def start(host: str, *arguments: str):
        process = hosts.start(host, [*STEER, *arguments], tmp_path / f"{host}.log", tmp_path)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture
def wait_for(tmp_path):
    """A function that waits for a condition; what the hosts said is told when it does not come."""

    def wait_for(condition):
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(log.read_text() for log in sorted(tmp_path.glob("*.log"))))
            time.sleep(0.1)
        return answer

    return wait_for


class Run:
    """What can be seen of a campaign in its directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def address(self) -> str:
        """Where workers on other hosts find the server."""
        secrets = self.root / "redis" / "server.json"
        return f"{json.loads(secrets.read_text())['host']}" if secrets.exists() else ""

    def frames(self) -> Counter[str]:
        """Frames stored, by simulation."""
        shards = self.root / "frames" / "shards.json"
        return (
            Counter(FrameReader(self.root / "frames").simulations(slice(None)))
            if shards.exists()
            else Counter()
        )

    def worker_of(self, simulation: str) -> str:
        """Host of the worker that holds a simulation's folder."""
        status = json.loads((self.root / "status.json").read_text())
        return next(
            job["worker"].split("-")[0] for job in status["running"] if job["key"] == f"cg:{simulation}"
        )

    def done(self, simulation: str) -> bool:
        """Whether its worker has written the result, which it does after the last frame."""
        return (self.root / "cg" / simulation / "result.json").exists()


def test_a_parted_host_goes_on_and_delivers_when_the_network_heals(hosts, start, wait_for, tmp_path):
    (tmp_path / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    run = Run(tmp_path / "hosts")
    head = start("head", "run", "campaign.toml", "--slots", "0", "--listen", hosts.addresses["head"])
    wait_for(run.address)
    workers = [start(host, "worker", "--slots", "1", "--directory", "hosts") for host in ("left", "right")]
    wait_for(lambda: len(run.frames()) == 2)
    mine = next(simulation for simulation in sorted(run.frames()) if run.worker_of(simulation) == "left")

    hosts.cut("left")
    wait_for(lambda: run.done(mine) and "Redis is away" in (tmp_path / "left.log").read_text())
    kept = FRAMES - run.frames()[mine]
    hosts.heal("left")

    wait_for(lambda: head.poll() is not None)
    assert head.returncode == 0, (tmp_path / "head.log").read_text()
    assert kept > FRAMES / 3, "the partition lasted too short a time to show anything"
    assert [worker.wait(60) for worker in workers] == [0, 0]
    reader = FrameReader(run.root / "frames")
    stored = Counter(zip(reader.simulations(slice(None)), reader.step.tolist(), strict=True))
    assert set(stored.values()) == {1}
    assert set(stored) == {(id, step) for id in run.frames() for step in range(20, 20 * FRAMES + 1, 20)}
    assert "Redis is away" not in (tmp_path / "right.log").read_text()
    journal = Journal(run.root / "journal.db", read_only=True)
    states = [(simulation.id, simulation.state) for simulation in journal.simulations()]
    journal.close()
    assert states == [("cg-000001", "done"), ("cg-000002", "done")]
