"""What a thief of a worker's password writes cannot stop the coordinator; and no password shows on the machine."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from conformance.fleet import PATIENCE, cg_job

from steer.campaign import CampaignDirectory
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.docket_fleet import DocketFleet
from steer.local_worker import LocalWorker


@pytest.fixture
def directory(tmp_path):
    config = CampaignConfig(
        campaign=Campaign(name="trp"), molecule=Molecule(sequence="NLYIQW"), stop=Stop(refinements=1)
    )
    return CampaignDirectory.create(tmp_path / "campaign", config)


@pytest.fixture
def fleet(server, directory):
    with contextlib.closing(DocketFleet(server.connection.url, "trp", directory.root)) as fleet:
        yield fleet


def test_nonsense_in_every_key_of_a_worker_stops_nothing(fleet, open_client):
    thief = open_client(worker=True)
    deep = b'{"key":' + b"[" * 100_000
    fleet.submit(cg_job(1))
    for nonsense in (b"\xff\xfe", deep, b"\x80\x04]", b'{"slots": 1e99}'):
        name = nonsense[:20]
        thief.sadd("trp:workers", name)
        thief.set(b"trp:worker:" + name, nonsense)
        thief.set(b"trp:progress:" + name, nonsense)
        thief.hset("trp:refusals", name, nonsense)
        thief.zadd("trp:cg:queue", {name: 1e12})
        thief.xadd("trp:cg:stream", {"key": name})
        thief.xadd("trp:events", {"event": nonsense})
        thief.xadd("trp:events", {name: nonsense})
    assert fleet.workers() == []
    assert fleet.capacity().slots == 0
    assert list(fleet.progress()) == []
    assert list(fleet.refusals()) == []
    assert fleet.events(0.5) == []
    assert "cg:cg-000001" in fleet.known()


def command_lines() -> bytes:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((process / "cmdline").read_bytes())
    return b"\n".join(found)


def test_no_password_shows_in_command_lines_or_logs(server, fleet, directory):
    secrets = [server.credentials.password.encode(), server.credentials.worker_password.encode()]
    with LocalWorker(directory, server.worker_connection, 1, fleet):
        deadline = time.monotonic() + PATIENCE
        while not fleet.workers():
            assert time.monotonic() < deadline, (directory.logs / "worker.log").read_text()
            time.sleep(0.1)
        fleet.submit(cg_job(1))
        while not (events := fleet.events(0.2)):
            assert time.monotonic() < deadline, (directory.logs / "worker.log").read_text()
            running = command_lines()
            assert b"steer" in running
            assert not any(secret in running for secret in secrets)
    assert events[0][1].status == "failed"
    logs = [path for path in [*directory.logs.rglob("*"), server.log_file] if path.is_file()]
    assert {"worker.log", "cg-000001.log"} <= {path.name for path in logs}
    for path in logs:
        assert not any(secret in path.read_bytes() for secret in secrets), path
