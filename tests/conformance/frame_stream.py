"""What every `steer.stream.FrameStream` must do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import pytest

from steer.stream import FrameStream


class FrameStreamConformance(ABC):
    """Subclasses say how a stream is opened; opened again, it is what a reader is after a restart."""

    @pytest.fixture
    @abstractmethod
    def reopen(self):
        """A function that opens the stream, on the same messages each time within a test."""

    @pytest.fixture
    def stream(self, reopen) -> FrameStream:
        return reopen()

    def test_messages_are_read_in_the_order_they_were_published(self, stream):
        messages = [f"message {i}".encode() for i in range(50)]
        stream.publish(messages[:20])
        stream.publish(messages[20:])
        read = [message for _ in range(10) for _, message in stream.read(7, 0.0)]
        assert read == messages

    def test_no_more_are_read_than_were_asked_for(self, stream):
        stream.publish([b"a", b"b", b"c"])
        assert len(stream.read(2, 0.0)) == 2
        assert len(stream.read(2, 0.0)) == 1
        assert stream.read(2, 0.0) == []

    def test_any_bytes_travel(self, stream):
        messages = [b"\x00", bytes(range(256)), b"\r\n$5\r\n", b"x" * 300_000]
        stream.publish(messages)
        assert [message for _, message in stream.read(10, 0.0)] == messages

    def test_acknowledged_messages_never_come_again(self, stream, reopen):
        stream.publish([b"a", b"b", b"c"])
        read = stream.read(10, 0.0)
        assert stream.backlog() == 3
        stream.acknowledge([id for id, _ in read[:2]])
        assert stream.backlog() == 1
        assert [message for _, message in reopen().read(10, 0.0)] == [b"c"]

    def test_after_a_restart_what_was_not_acknowledged_comes_first(self, stream, reopen):
        stream.publish([b"a", b"b"])
        stream.read(10, 0.0)
        stream.publish([b"c"])
        again = reopen()
        read = []
        while batch := again.read(1, 0.0):
            read += batch
        assert [message for _, message in read] == [b"a", b"b", b"c"]
        again.acknowledge([id for id, _ in read])
        assert again.backlog() == 0

    def test_acknowledging_twice_or_nothing_is_harmless(self, stream):
        stream.publish([b"a"])
        ids = [id for id, _ in stream.read(1, 0.0)]
        stream.acknowledge(ids)
        stream.acknowledge(ids)
        stream.acknowledge([])
        assert stream.backlog() == 0

    def test_a_message_set_aside_is_kept_and_never_comes_again(self, stream, reopen):
        stream.publish([b"not a frame", b"a frame"])
        (id, message), _ = stream.read(10, 0.0)
        stream.set_aside(id, message, "it is no frame")
        assert stream.dead() == 1
        assert stream.backlog() == 1
        assert [message for _, message in reopen().read(10, 0.0)] == [b"a frame"]

    def test_reading_waits_for_the_first_message(self, stream):
        late = threading.Timer(0.05, stream.publish, [[b"late"]])
        late.start()
        read = stream.read(10, 20.0)
        late.join()
        assert [message for _, message in read] == [b"late"]

    def test_publishing_nothing_is_harmless(self, stream):
        stream.publish([])
        assert stream.backlog() == 0
        assert stream.read(10, 0.0) == []

    def test_many_publishers_lose_nothing(self, stream, reopen):
        def publish(name):
            publisher = reopen()
            for i in range(20):
                publisher.publish([f"{name}-{i}".encode()])

        threads = [threading.Thread(target=publish, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        read = [message.decode() for _, message in reopen().read(1000, 1.0)]
        assert sorted(read) == sorted(f"{name}-{i}" for name in "abcd" for i in range(20))
        for name in "abcd":
            assert [m for m in read if m[0] == name] == [f"{name}-{i}" for i in range(20)]
