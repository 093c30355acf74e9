"""The stream on a real Redis does what every frame stream must, and survives what Redis does."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing

import pytest
from conformance.frame_stream import FrameStreamConformance

from steer.exceptions import ServerError
from steer.outbox import Outbox
from steer.readahead import ReadAhead
from steer.redis_stream import RedisFramePublisher, RedisFrameStream


@pytest.mark.parametrize("protocol", [2, 3], ids=["resp2", "resp3"])
class TestRedisFrameStream(FrameStreamConformance):
    @pytest.fixture
    def reopen(self, open_client, protocol):
        return lambda: RedisFrameStream(open_client(protocol=protocol), "trp")


class TestReadAheadOfRedis(FrameStreamConformance):
    @pytest.fixture
    def reopen(self, open_client):
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(ReadAhead(RedisFrameStream(open_client(), "trp"))))


@pytest.fixture
def stream(open_client):
    return RedisFrameStream(open_client(), "trp")


def messages(read):
    return [message for _, message in read]


def test_a_worker_may_publish(stream, open_client):
    RedisFramePublisher(open_client(worker=True), "trp").publish([b"a"])
    assert messages(stream.read(10, 0.0)) == [b"a"]


def test_what_a_vanished_reader_held_is_taken_over(stream, open_client):
    stream.publish([b"a", b"b"])
    stream.read(1, 0.0)
    time.sleep(0.02)
    heir = RedisFrameStream(open_client(), "trp", consumer="heir", claim_after=0.01)
    assert messages(heir.read(10, 0.0)) == [b"a"]
    assert messages(heir.read(10, 0.0)) == [b"b"]
    heir.acknowledge([id for id, _ in RedisFrameStream(open_client(), "trp", consumer="heir").read(10, 0.0)])
    assert stream.backlog() == 0


def test_what_a_living_reader_holds_is_left_to_it(stream, open_client):
    stream.publish([b"a", b"b"])
    stream.read(1, 0.0)
    other = RedisFrameStream(open_client(), "trp", consumer="other", claim_after=600.0)
    assert messages(other.read(10, 0.0)) == [b"b"]
    assert other.read(10, 0.0) == []


def test_entries_of_others_are_given_out_to_be_set_aside(stream, open_client):
    open_client().xadd("trp:frames", {b"hello": b"world"})
    ((id, message),) = stream.read(10, 0.0)
    assert message == b"hello world"
    stream.set_aside(id, message, "foreign")
    ((_, letter),) = open_client().xrange("trp:frames:dead")
    assert letter == {b"frame": b"hello world", b"reason": b"foreign", b"id": id.encode()}


def test_an_entry_deleted_under_its_reader_is_forgotten(stream, open_client):
    stream.publish([b"a", b"b"])
    (id, _), _ = stream.read(10, 0.0)
    open_client().xdel("trp:frames", id)
    again = RedisFrameStream(open_client(), "trp", claim_after=0.0)
    assert messages(again.read(10, 0.0)) == [b"b"]
    assert set(open_client().xpending("trp:frames", "coordinator")["consumers"][0].values()) == {
        b"coordinator",
        1,
    }


def test_a_server_that_forgot_everything_is_used_again(stream, open_client):
    stream.publish([b"a"])
    assert messages(stream.read(10, 0.0)) == [b"a"]
    open_client().flushall()
    with pytest.raises(ServerError, match="NOGROUP"):
        stream.read(10, 0.0)
    stream.publish([b"b"])
    assert messages(stream.read(10, 0.0)) == [b"b"]


def test_a_killed_server_comes_back_with_what_was_not_acknowledged(server, open_client, kill):
    stream = RedisFrameStream(open_client(retries=0), "trp")
    stream.publish([b"a", b"b", b"c"])
    read = stream.read(2, 0.0)
    stream.acknowledge([read[0][0]])
    kill(server)
    for call in (lambda: stream.read(1, 0.0), lambda: stream.publish([b"x"]), stream.backlog, stream.dead):
        with pytest.raises(ServerError, match="did not answer"):
            call()
    assert server.start()
    assert messages(stream.read(1, 0.0)) == [b"b"]
    assert messages(stream.read(10, 0.0)) == [b"c"]
    assert stream.backlog() == 2


def test_an_outbox_outlives_the_server(stream, server, open_client, kill, tmp_path):
    sent = [f"frame {i}".encode() for i in range(400)]
    publisher = RedisFramePublisher(open_client(worker=True, retries=0), "trp")
    with Outbox(publisher, tmp_path / "outbox", batch=10, interval=0.02) as outbox:
        outbox.put(sent[:200])
        assert outbox.flush(30)
        kill(server)
        outbox.put(sent[200:300])
        assert not outbox.flush(0.3)
        server.start()
        outbox.put(sent[300:])
        assert outbox.flush(60)
    arrived = messages(stream.read(1000, 1.0))
    assert list(dict.fromkeys(arrived)) == sent
