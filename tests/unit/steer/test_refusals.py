"""Refusals: read for an hour of the coordinator's clock, by name, and gone when the worker was let in."""

from __future__ import annotations

import asyncio

import fakeredis
import pytest

from steer.fleet_keys import FleetKeys
from steer.messages import Refusal, encode
from steer.refusals import AT_MOST, SHOWN_FOR, RefusalBook, forget_refusals, leave_refusal

KEYS = FleetKeys("trp")


@pytest.fixture
def server():
    return fakeredis.FakeServer()


@pytest.fixture
def client(server):
    client = fakeredis.FakeRedis(server=server)
    yield client
    client.close()


def as_worker(server, *calls):
    """Run coroutine functions of a worker's client."""

    async def run():
        async with fakeredis.FakeAsyncRedis(server=server) as redis:
            for call in calls:
                await call(redis)

    asyncio.run(run())


def test_a_refusal_is_read_with_its_reason_and_forgotten_after_its_time(server, client):
    now = [0.0]
    book = RefusalBook(client, KEYS, clock=lambda: now[0])
    as_worker(server, lambda redis: leave_refusal(redis, KEYS, "late", "No CUDA."))
    assert [(each.name, each.reason) for each in book.read()] == [("late", "No CUDA.")]
    now[0] = SHOWN_FOR + 1
    assert book.read() == []
    assert client.hlen(KEYS.refusals) == 0


def test_a_worker_that_is_let_in_clears_its_machine(server, client):
    elsewhere = Refusal(name="far", host="another machine", reason="No CUDA.")
    client.hset(KEYS.refusals, "far", encode(elsewhere))
    as_worker(
        server,
        lambda redis: leave_refusal(redis, KEYS, "first", "No CUDA."),
        lambda redis: forget_refusals(redis, KEYS, "second"),
    )
    assert RefusalBook(client, KEYS).read() == [elsewhere]


def test_what_is_no_refusal_is_removed(client):
    client.hset(
        KEYS.refusals, mapping={"a": b"\xff", "b": "{}", "c": encode(Refusal(name="c", host="c", reason="r"))}
    )
    assert [each.name for each in RefusalBook(client, KEYS).read()] == ["c"]
    assert client.hkeys(KEYS.refusals) == [b"c"]


def test_their_number_is_bounded(client):
    many = {f"w{n:05d}": encode(Refusal(name=f"w{n:05d}", host="h", reason="r")) for n in range(AT_MOST + 50)}
    client.hset(KEYS.refusals, mapping=many)
    assert len(RefusalBook(client, KEYS).read()) == AT_MOST
    assert client.hlen(KEYS.refusals) == AT_MOST
