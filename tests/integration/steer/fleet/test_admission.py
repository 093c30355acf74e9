"""Who may work, and what may stand in a queue: nothing there can run code, and nothing hostile stops a worker."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import socket

import pytest
import redis
from conformance.fleet import cg_job, collect

import steer
from steer.config import dump_config, load_config
from steer.exceptions import FrameError
from steer.frames import decode

from .conftest import wait_for


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def message(arguments: bytes, **fields: bytes) -> dict[bytes, bytes]:
    whole = {
        b"key": b"cg:cg-000007",
        b"when": b"2026-01-01T00:00:00+00:00",
        b"function": b"run_job",
        b"args": arguments,
        b"kwargs": b"{}",
        b"attempt": b"1",
        b"generation": b"1",
    }
    return whole | {name.encode(): value for name, value in fields.items()}


def every_value(client: redis.Redis) -> list[bytes]:
    """All that is stored, frames included."""
    readers = {
        b"string": lambda key: [client.get(key) or b""],
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"none": lambda key: [],  # it has expired
        b"stream": lambda key: [
            part for _, fields in client.xrange(key) for pair in fields.items() for part in pair
        ],
    }
    return [value for key in client.scan_iter() for value in (key, *readers[client.type(key)](key))]


def is_pickle(value: bytes) -> bool:
    """Whether a value is a pickle of any protocol, bare or in base64."""
    try:
        pickletools.dis(value, out=io.StringIO())
    except (ValueError, IndexError, UnicodeDecodeError):
        return b"gASV" in value or b"\x80\x05\x95" in value
    return True


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_told_from_what_we_send(protocol):
    assert is_pickle(pickle.dumps(({"job": 1}, ["x"]), protocol))
    assert not any(map(is_pickle, (b'{"job":1}', b"0.1.0", b"1", b"open")))


def test_no_value_in_redis_is_a_pickle(fleet, start_worker, folder, open_client):
    client = open_client()
    fleet.submit(cg_job(1, steps=50))
    fleet.submit(cg_job(2, seed=1))
    queued = every_value(client)
    start_worker()
    wait_for(lambda: folder(1).step() > 5 and client.xlen("trp:frames"))
    running = every_value(client)
    collect(fleet, 2, acknowledge=False)
    ended = every_value(client)
    assert any(is_message(value) for value in running)
    for stage in (queued, running, ended):
        assert any(b"cg-000001" in value for value in stage)
        assert [value for value in stage if not is_message(value) and is_pickle(value)] == []


def is_message(value: bytes) -> bool:
    """Whether a value is a frame, which is binary and checked as a whole."""
    try:
        return bool(decode(value).simulation)
    except FrameError:
        return False


def test_hostile_messages_are_refused_and_work_goes_on(fleet, start_worker, open_client, tmp_path, folder):
    client, trap = open_client(worker=True), tmp_path / "trap"
    bomb = pickle.dumps((Bomb(trap),))
    hostile = [
        message(bomb),
        message(b"[1]", kwargs=bomb),
        message(b'["{}"]'),
        message(b'["x"]', function=b"trace"),
        message(b'["x"]', generation=b"many"),
        message(b'["x"]', when=b"\xff"),
        {b"nonsense": bomb},
    ]
    client.xadd("trp:cg:strikes", {b"direction": b"strike", b"operator": b"==", b"value": bomb})
    for fields in hostile:
        client.xadd("trp:cg:stream", fields)
    client.xadd("trp:events", {b"event": bomb})
    worker = start_worker()
    fleet.submit(cg_job(1))
    (event,) = collect(fleet, 1)
    assert event.status == "done"
    assert worker.process.poll() is None
    assert not trap.exists()
    assert client.xlen("trp:rejected") == len(hostile) + 1
    wait_for(lambda: fleet.known() == set())


def test_a_job_that_leaves_the_campaign_directory_is_refused(fleet, start_worker, open_client):
    start_worker()
    outside = (
        b'["{\\"kind\\":\\"cg\\",\\"key\\":\\"cg:cg-000007\\",\\"simulation\\":\\"cg-000007\\",'
        b'\\"start\\":\\"seeds/../../../etc/passwd\\",\\"force_field\\":1,\\"steps\\":1,\\"random_seed\\":0}"]'
    )
    client = open_client(worker=True)
    client.xadd("trp:cg:stream", message(outside))
    wait_for(lambda: client.xlen("trp:rejected") == 1)
    ((_, refused),) = client.xrange("trp:rejected")
    assert b"must stay inside the campaign directory" in refused[b"reason"]


def test_another_version_is_refused_on_both_sides(fleet, start_worker, open_client):
    attached = start_worker(name="old")
    open_client().hset("trp:meta", "version", "9.9.9")
    assert attached.wait() == 0
    late = start_worker(wait=False, name="late")
    assert late.wait() == 1
    assert "EnvironmentNotReady" in late.log.read_text()
    assert [refusal.name for refusal in fleet.refusals()] == ["late", "old"]
    for refusal in fleet.refusals():
        assert "9.9.9" in refusal.reason
        assert steer.__version__ in refusal.reason


def test_a_worker_without_the_campaigns_platform_is_refused_on_both_sides(
    fleet, start_worker, directory, folder
):
    config = load_config(directory.config)
    workers = config.workers.model_copy(update={"platform": "HIP"})
    directory.config.write_text(dump_config(config.model_copy(update={"workers": workers})))
    fleet.submit(cg_job(1))

    refused = start_worker(wait=False, name="cpu-only", real_jobs=True)

    assert refused.wait() == 1
    (refusal,) = fleet.refusals()
    assert (refusal.name, refusal.host) == ("cpu-only", socket.gethostname())
    assert "The campaign's platform (HIP) does not work on cpu of this machine" in refusal.reason
    assert refusal.reason in refused.log.read_text()
    assert folder(1).pids() == []

    trainer = start_worker(name="trainer", real_jobs=True, kinds=["train"])
    assert fleet.refusals() == []
    assert trainer.process.poll() is None


def test_two_workers_of_one_name_cannot_be_attached(start_worker):
    start_worker(name="alice")
    second = start_worker(wait=False, name="alice")
    assert second.wait() == 1
    assert "'alice' is attached already" in second.log.read_text()


def test_a_worker_finds_its_campaign_or_asks_which(server, start_worker, open_client, tmp_path):
    worker = start_worker(directory=str(tmp_path / "campaign"))
    client = open_client()
    client.hset("old:meta", "state", "finished")
    client.hset("other:meta", "state", "open")
    undecided = start_worker(wait=False, connection=server.connection)
    assert undecided.wait() == 1
    assert "Several campaigns are on this server: other, trp" in undecided.log.read_text()
    assert worker.process.poll() is None


def test_a_worker_with_the_rights_of_one_campaign_is_not_confused_by_others(start_worker, open_client):
    open_client().hset("other:meta", "state", "open")
    start_worker()
    stranger = start_worker(wait=False, campaign="other")
    assert stranger.wait() == 1
    assert "may not work for the campaign 'other'" in stranger.log.read_text()


@pytest.mark.parametrize("options", [{}, {"campaign": "trp"}])
def test_a_campaign_that_has_ended_is_no_reason_to_wait(fleet, start_worker, options):
    fleet.finish()
    late = start_worker(wait=False, **options)
    assert late.wait() == 0
    assert "trp has ended, so there is nothing to do here" in late.log.read_text()


def test_a_finished_campaign_whose_server_is_gone_is_no_failure(server, start_worker, directory):
    server.stop()
    late = start_worker(wait=False, directory=str(directory.root))
    assert late.wait() == 1
    assert "cannot be used" in late.log.read_text()
    directory.status.write_text('{"phase": "finished"}')
    later = start_worker(wait=False, directory=str(directory.root))
    assert later.wait() == 0
    assert "is finished, so there is nothing to do here" in later.log.read_text()


def test_a_worker_does_not_wait_for_ever_for_a_campaign(server, start_worker):
    early = start_worker(wait=False, connection=server.connection, campaign="another", patience=3.0)
    assert early.wait() == 1
    assert (
        "No 'steer run' announced the campaign 'another' on this server within 3 s" in early.log.read_text()
    )


@pytest.mark.parametrize(
    ("user", "password", "told"),
    [
        ("", "", "it wants a password: give it in STEER_REDIS_PASSWORD, or name the campaign directory"),
        ("worker", "wrong", "the password does not belong to that user of that server"),
    ],
)
def test_a_worker_that_the_server_does_not_know_is_told_why(server, start_worker, user, password, told):
    unknown = start_worker(wait=False, connection=server.connection.as_user(user, password))
    assert unknown.wait() == 1
    said = unknown.log.read_text()
    assert told in said
    assert "wrong" not in said
