"""Workers leave when they are told to, and hand back what they were doing."""

from __future__ import annotations

import shutil
import signal
import time

import pytest
from conformance.fleet import cg_job, collect
from fleet_stand_ins.jobs import DEAF

from .conftest import wait_for


def under_way(folder, step=5):
    return wait_for(lambda: folder.step() >= step, "the job did not start")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_asked_once_the_job_is_handed_back_with_its_state(fleet, start_worker, folder, number, code):
    first = start_worker()
    fleet.submit(cg_job(1, steps=100))
    under_way(folder(1))
    first.signal(number)
    assert first.wait() == code
    (event,) = collect(fleet, 1)
    assert event.status == "returned"
    assert fleet.known() == {"cg:cg-000001"}
    assert fleet.workers() == []
    reached = int(folder(1).notes()[-1].removeprefix("stopped at "))
    assert folder(1).step() == reached

    start_worker()
    (event,) = collect(fleet, 1)

    assert (event.status, event.result.steps) == ("done", 100)
    assert folder(1).starts() == [0, reached]


def test_near_the_walltime_the_job_is_handed_back(fleet, start_worker, folder):
    worker = start_worker(grace=5.0, walltime=15.0)
    fleet.submit(cg_job(1, steps=100_000))
    under_way(folder(1))
    assert worker.wait() == 0
    assert collect(fleet, 1)[0].status == "returned"


def test_a_sigterm_that_follows_the_walltime_does_not_hurry_the_worker(fleet, start_worker, folder):
    worker = start_worker(grace=12.0, walltime=20.0)
    fleet.submit(cg_job(1, steps=100_000, seed=DEAF))
    under_way(folder(1))
    wait_for(lambda: "the walltime is near" in worker.log.read_text())
    worker.signal(signal.SIGTERM)
    step = folder(1).step()
    wait_for(lambda: folder(1).step() > step + 20, "the job was ended before its time")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert collect(fleet, 1)[0].status == "returned"


def test_interrupted_twice_a_worker_leaves_at_once(fleet, start_worker, folder):
    worker = start_worker(grace=600.0)
    fleet.submit(cg_job(1, steps=100_000, seed=DEAF))
    under_way(folder(1))
    worker.signal(signal.SIGINT)
    time.sleep(0.5)
    assert worker.process.poll() is None
    worker.signal(signal.SIGINT)
    assert worker.wait() == 130
    assert collect(fleet, 1)[0].status == "returned"
    assert fleet.known() == {"cg:cg-000001"}


def test_a_cancelled_job_ends_and_says_nothing(fleet, start_worker, folder):
    start_worker()
    fleet.submit(cg_job(1, steps=100_000))
    fleet.submit(cg_job(2))
    under_way(folder(1))
    fleet.submit(cg_job(3))
    fleet.cancel("cg:cg-000003")
    fleet.cancel("cg:cg-000001")
    assert collect(fleet, 1)[0].key == "cg:cg-000002"
    wait_for(lambda: fleet.known() == set())
    assert folder(3).pids() == []

    fleet.submit(cg_job(1, steps=folder(1).step() + 5))
    assert collect(fleet, 1)[0].key == "cg:cg-000001"


def test_workers_leave_a_finished_campaign(fleet, start_worker):
    worker = start_worker()
    fleet.finish()
    assert worker.wait() == 0


def test_a_worker_without_server_and_work_does_not_wait_for_ever(server, start_worker):
    worker = start_worker(patience=1.0)
    server.stop()
    assert worker.wait() == 0
    assert "Redis has been away for" in worker.log.read_text()


def test_a_worker_leaves_a_campaign_that_was_removed(server, start_worker, directory):
    worker = start_worker()
    server.stop()
    shutil.rmtree(directory.root)
    assert worker.wait() == 0
    assert "the campaign directory is gone" in worker.log.read_text()


def test_a_worker_that_did_not_hear_of_the_end_reads_it_in_the_campaign_directory(
    server, fleet, start_worker, directory, folder
):
    worker = start_worker()
    fleet.submit(cg_job(1, steps=100_000))
    under_way(folder(1))
    server.stop()
    directory.status.write_text('{"campaign": "trp", "phase": "finished"}')
    assert worker.wait() == 0
    assert "leaving: the campaign is finished" in worker.log.read_text()


def test_a_worker_and_its_jobs_are_seen_while_they_work(fleet, start_worker, folder):
    worker = start_worker(slots=2, name="alice", kinds=["cg", "train"])
    fleet.submit(cg_job(1, steps=200))
    under_way(folder(1))
    (seen,) = wait_for(lambda: [w for w in fleet.workers() if w.busy])
    assert (seen.name, seen.pid, seen.slots) == ("alice", worker.process.pid, 2)
    assert (seen.busy, seen.devices) == (["cg:cg-000001"], ["cpu", "cpu"])
    assert fleet.capacity().kinds == {"cg": 2, "refine": 0, "train": 2}
    (line,) = wait_for(lambda: [p for p in fleet.progress() if p.step > 5])
    assert (line.key, line.phase, line.worker) == ("cg:cg-000001", "counting", "alice")
    worker.kill()
    wait_for(lambda: fleet.workers() == [], "a dead worker is still listed")
