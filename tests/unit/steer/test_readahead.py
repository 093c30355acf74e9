"""Reading ahead does what every frame stream must, and neither loses, reorders nor hides anything."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest
from conformance.frame_stream import FrameStreamConformance

from steer.exceptions import ServerError
from steer.memory_stream import MemoryBroker, MemoryFrameStream
from steer.readahead import ReadAhead


class TestReadAhead(FrameStreamConformance):
    @pytest.fixture
    def reopen(self):
        broker = MemoryBroker()
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(ReadAhead(MemoryFrameStream(broker))))


class Failing(MemoryFrameStream):
    """A server that is away for as long as somebody says."""

    away = False

    def acknowledge(self, ids):
        if self.away:
            raise ServerError("away")
        super().acknowledge(ids)

    def read(self, count, timeout):
        if self.away:
            raise ServerError("away")
        return super().read(count, timeout)


@pytest.fixture
def failing():
    stream = Failing()
    with closing(ReadAhead(stream)) as ahead:
        yield stream, ahead
        stream.away = False


@pytest.mark.parametrize("sizes", [[5] * 10, [1, 2, 3, 4, 20, 20], [20, 1, 1, 30], [50]])
def test_every_message_comes_once_and_in_order_whatever_is_asked_for(failing, sizes):
    _, ahead = failing
    messages = [f"{i}".encode() for i in range(50)]
    ahead.publish(messages)
    read = []
    for size in sizes:
        batch = ahead.read(size, 0.0)
        assert len(batch) <= size
        read += batch
        ahead.acknowledge([id for id, _ in batch])
    while batch := ahead.read(7, 0.0):
        read += batch
    assert [message for _, message in read] == messages


def test_a_failed_acknowledgement_is_told_by_the_next_call(failing):
    stream, ahead = failing
    ahead.publish([b"a"])
    ids = [id for id, _ in ahead.read(1, 0.0)]
    stream.away = True
    ahead.acknowledge(ids)
    with pytest.raises(ServerError):
        ahead.backlog()
    stream.away = False
    assert ahead.backlog() == 1


def test_a_failed_read_is_told_and_the_next_one_succeeds(failing):
    stream, ahead = failing
    ahead.publish([b"a", b"b"])
    stream.away = True
    with pytest.raises(ServerError):
        ahead.read(1, 0.0)
    stream.away = False
    assert [message for _, message in ahead.read(2, 0.0)] == [b"a", b"b"]
