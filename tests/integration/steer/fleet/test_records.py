"""docket's record of an ended job does not fill the server."""

from __future__ import annotations

from conformance.fleet import cg_job, collect

from steer.fleet_keys import FleetKeys


def test_the_record_of_an_ended_job_soon_expires(fleet, start_worker, open_client):
    start_worker()
    fleet.submit(cg_job(1))
    collect(fleet, 1)
    client, record = open_client(), FleetKeys("trp").run("cg", "cg:cg-000001")
    while (left := client.ttl(record)) == -1:
        pass
    assert 0 < left <= 300
