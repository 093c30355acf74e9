"""Anything may be killed or suspended at any moment: no job is lost, none is counted twice, nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

from conformance.fleet import cg_job, collect
from fleet_stand_ins.jobs import DIES, FINDS_NO_ROOM, HANGS, HAS_CHILDREN, NO_MEMORY

from steer.frames import decode
from steer.redis_stream import RedisFrameStream

from .conftest import wait_for


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def under_way(folder, step=5):
    return wait_for(lambda: folder.step() >= step, "the job did not start")


def test_the_job_of_a_killed_worker_goes_on_elsewhere_and_no_frame_is_missing(
    fleet, start_worker, folder, open_client
):
    first = start_worker()
    fleet.submit(cg_job(1, steps=150))
    under_way(folder(1))
    start_worker()
    first.kill()
    (pid,) = folder(1).pids()
    wait_for(lambda: not is_alive(pid), "the killed worker's job lives on")
    reached = folder(1).step()

    (event,) = collect(fleet, 1)

    assert (event.status, event.result.steps) == ("done", 150)
    assert reached >= 5
    assert folder(1).starts() == [0, reached]
    assert fleet.events(0.5) == []
    assert fleet.known() == set()
    stream = RedisFrameStream(open_client(), "trp")
    messages = [message for _, message in stream.read(1000, 1.0)]
    steps = Counter(decode(message).step for message in messages)
    assert set(steps) == set(range(1, 151))
    # What its outbox held at the kill may come again, byte by byte; frames after its last state are simulated again.
    assert {step for step, copies in steps.items() if copies > 1} <= set(range(1, reached + 2))
    simulated = Counter(decode(message).step for message in set(messages))
    assert {step for step, times in simulated.items() if times > 1} <= {reached + 1}
    assert simulated.total() <= 151
    assert max(Counter(messages).values()) <= 2


def test_a_killed_worker_leaves_no_process_behind(fleet, start_worker, folder):
    worker = start_worker()
    fleet.submit(cg_job(1, steps=10_000, seed=HAS_CHILDREN))
    under_way(folder(1))
    pids = [*folder(1).pids(), int((folder(1).path / "grandchild").read_text())]
    assert all(map(is_alive, pids))
    worker.kill()
    wait_for(lambda: not any(map(is_alive, pids)), "something was left")


def test_a_killed_job_process_is_started_again_where_it_was(fleet, start_worker, folder):
    start_worker()
    fleet.submit(cg_job(1, steps=60, seed=HAS_CHILDREN))
    under_way(folder(1))
    grandchild = int((folder(1).path / "grandchild").read_text())
    os.kill(folder(1).pids()[0], signal.SIGKILL)
    returned, done = collect(fleet, 2)
    assert (returned.status, done.status) == ("returned", "done")
    assert "killed by signal 9" in returned.error
    assert not is_alive(grandchild)
    assert done.result.steps == 60


def test_a_job_whose_process_always_dies_fails_in_the_end(fleet, start_worker, directory):
    start_worker()
    fleet.submit(cg_job(1, seed=DIES))
    events = collect(fleet, 3)
    assert [event.status for event in events] == ["returned", "returned", "failed"]
    assert "3 times" in events[-1].error
    assert "cg:cg-000001" in (directory.root / events[-1].log).read_text()
    assert fleet.events(0.5) == []


def test_a_job_that_finds_no_room_on_the_disk_is_handed_back_and_does_not_fail(fleet, start_worker, folder):
    start_worker()
    fleet.submit(cg_job(1, steps=5, seed=FINDS_NO_ROOM))
    returned, done = collect(fleet, 2)
    assert (returned.status, done.status, done.result.steps) == ("returned", "done", 5)
    assert "No space left" in returned.error


def test_a_job_that_died_here_is_tried_elsewhere_before_it_is_set_aside(fleet, start_worker):
    names = ["left", "right"]
    for name in names:
        start_worker(name=name)
    fleet.submit(cg_job(1, seed=DIES))
    events = collect(fleet, 2)
    assert sorted(event.worker for event in events) == names
    (last,) = collect(fleet, 1)
    assert last.status == "failed"
    assert "3 times on" in last.error
    assert all(name in last.error for name in names)


def test_a_job_that_its_machine_fails_is_tried_again_and_then_set_aside(fleet, start_worker):
    start_worker()
    fleet.submit(cg_job(1, seed=NO_MEMORY))
    events = collect(fleet, 3)
    assert [event.status for event in events] == ["returned", "returned", "failed"]
    assert "MemoryError" in events[-1].error


def test_a_job_that_hangs_is_ended_and_its_slot_is_free(fleet, start_worker, folder):
    start_worker(stall=2.0)
    fleet.submit(cg_job(1, seed=HANGS))
    (event,) = collect(fleet, 1)
    assert (event.status, "no progress for 2 s" in event.error) == ("returned", True)
    fleet.cancel("cg:cg-000001")
    fleet.submit(cg_job(2))
    assert collect(fleet, 1)[0].key == "cg:cg-000002"


def test_a_restarted_coordinator_finds_running_jobs_and_unread_ends(open_fleet, start_worker, folder):
    start_worker()
    first = open_fleet()
    first.submit(cg_job(1, steps=2))
    collect(first, 1, acknowledge=False)
    first.submit(cg_job(2, steps=100))
    under_way(folder(2))

    second = open_fleet()

    assert second.known() == {"cg:cg-000002"}
    second.submit(cg_job(2, steps=100))
    first_end, second_end = collect(second, 2)
    assert (first_end.key, second_end.key) == ("cg:cg-000001", "cg:cg-000002")
    assert len(folder(2).pids()) == 1


def test_a_killed_redis_disturbs_no_job(server, kill, fleet, start_worker, folder, open_client):
    start_worker(slots=2)
    start_worker()
    fleet.submit(cg_job(1, steps=250))
    fleet.submit(cg_job(2, steps=120))
    under_way(folder(1))
    under_way(folder(2))
    time.sleep(1.2)
    kill(server)
    assert folder(2).step() < 120
    wait_for(lambda: folder(2).step() == 120)
    time.sleep(3.0)
    server.start()

    events = collect(fleet, 2)

    assert {(event.key[-1], event.status) for event in events} == {("1", "done"), ("2", "done")}
    assert fleet.events(3.0) == []
    assert len(folder(1).pids()) == 1
    assert len(folder(2).pids()) == 1
    wait_for(lambda: fleet.known() == set())
    stream = RedisFrameStream(open_client(), "trp")
    frames = [decode(message) for _, message in stream.read(1000, 1.0)]
    assert {frame.identity for frame in frames} == {
        (f"cg-{number:06d}", step) for number, steps in ((1, 250), (2, 120)) for step in range(1, steps + 1)
    }


def test_a_redis_that_forgot_everything_is_told_again_and_lets_new_workers_in(
    fleet, start_worker, folder, open_client
):
    start_worker()
    fleet.submit(cg_job(1, steps=200))
    under_way(folder(1))
    open_client().flushall()
    wait_for(lambda: fleet.known() == {"cg:cg-000001"}, "the running job is not known")
    start_worker()
    (event,) = collect(fleet, 1)
    assert event.status == "done"
    assert len(folder(1).pids()) == 1


def test_a_suspended_worker_finds_its_job_gone_and_leaves_it_alone(fleet, start_worker, folder):
    sleeper = start_worker()
    fleet.submit(cg_job(1, steps=600))
    under_way(folder(1))
    start_worker()
    sleeper.signal(signal.SIGSTOP)
    wait_for(lambda: len(folder(1).pids()) == 2, "nobody took the job over")
    sleeper.signal(signal.SIGCONT)
    (event,) = collect(fleet, 1)
    assert (event.status, event.result.steps) == ("done", 600)
    assert len(folder(1).pids()) == 2
    assert "stopped at" in " ".join(folder(1).notes())
    assert fleet.events(3.0) == []
    assert fleet.known() == set()
