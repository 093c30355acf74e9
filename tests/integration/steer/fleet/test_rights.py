"""A worker needs no right that it does not have, on any version of the server."""

from __future__ import annotations

import signal

import pytest
from conformance.fleet import cg_job, collect
from servers import bundled, packaged

from steer.server import EmbeddedRedis

from .conftest import wait_for

BINARIES = {"redis 6.2": bundled, "redis 7": packaged}


@pytest.fixture(params=BINARIES)
def server(request, tmp_path):
    binary = BINARIES[request.param]()
    with EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp", binary=binary) as server:
        yield server


def test_a_worker_claims_renews_cancels_and_hands_back_without_a_refusal(
    fleet, start_worker, folder, open_client
):
    worker = start_worker(slots=2)
    fleet.submit(cg_job(1))
    fleet.submit(cg_job(2, steps=10_000))
    fleet.submit(cg_job(3, steps=10_000))
    (event,) = collect(fleet, 1)
    assert event.status == "done"
    wait_for(lambda: folder(2).step() > 1 and folder(3).step() > 1)
    fleet.cancel("cg:cg-000002")
    wait_for(lambda: "cg:cg-000002" not in fleet.known())
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    (event,) = collect(fleet, 1)
    assert (event.key, event.status) == ("cg:cg-000003", "returned")
    assert open_client().acl_log() == []
