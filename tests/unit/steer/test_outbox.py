"""The outbox: everything put arrives, in order, whatever the server and the process do meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.exceptions import ServerError, StorageError
from steer.memory_stream import MemoryFrameStream
from steer.outbox import Outbox, undelivered


class Unreliable(MemoryFrameStream):
    """A stream whose server goes away when told to, also in the middle of a batch."""

    def __init__(self):
        super().__init__()
        self.away = threading.Event()
        self.tried = threading.Event()
        self.break_after = 0

    def publish(self, messages):
        if self.away.is_set():
            self.tried.set()
            raise ServerError("the server is away")
        if self.break_after:
            super().publish(messages[: self.break_after])
            self.break_after = 0
            raise ServerError("the connection broke")
        super().publish(messages)

    @property
    def received(self):
        return list(self.broker.messages.values())


@pytest.fixture
def stream():
    return Unreliable()


def numbered(first, last):
    return [f"frame {i}".encode() for i in range(first, last)]


def test_everything_arrives_in_order_and_the_file_is_empty_then(stream, tmp_path):
    with Outbox(stream, tmp_path / "outbox", batch=7, interval=0.01) as outbox:
        for i in range(100):
            outbox.put(numbered(i, i + 1))
        assert outbox.flush(30)
        assert outbox.waiting == 0
        assert (tmp_path / "outbox").stat().st_size == 0
    assert stream.received == numbered(0, 100)


def test_messages_go_out_without_being_asked_for(stream, tmp_path):
    with Outbox(stream, tmp_path / "outbox", interval=0.01) as outbox:
        outbox.put(numbered(0, 3))
        read = stream.read(3, 30.0)
        outbox.put(numbered(3, 5))
        while len(read) < 5:
            read += stream.read(5, 30.0)
    assert [message for _, message in read] == numbered(0, 5)


def test_an_absent_server_costs_disk_and_gets_everything_when_it_is_back(stream, tmp_path, caplog):
    stream.away.set()
    with Outbox(stream, tmp_path / "outbox", batch=10, interval=0.01) as outbox:
        outbox.put(numbered(0, 500))
        assert stream.tried.wait(30)
        assert not outbox.flush(0.05)
        assert outbox.waiting == 500
        assert undelivered(tmp_path / "outbox") == numbered(0, 500)
        assert caplog.text.count("the server is away") == 1
        stream.away.clear()
        outbox.put(numbered(500, 510))
        assert outbox.flush(30)
    assert stream.received == numbered(0, 510)


def test_a_batch_broken_half_way_is_sent_again_whole(stream, tmp_path):
    stream.break_after = 3
    with Outbox(stream, tmp_path / "outbox", interval=0.01) as outbox:
        outbox.put(numbered(0, 5))
        assert outbox.flush(30)
    assert stream.received == numbered(0, 3) + numbered(0, 5)


def test_what_could_not_be_sent_is_sent_by_the_next_attempt_first(stream, tmp_path):
    stream.away.set()
    outbox = Outbox(stream, tmp_path / "outbox", interval=0.01)
    outbox.put(numbered(0, 20))
    assert not outbox.close(0.05)
    assert undelivered(tmp_path / "outbox") == numbered(0, 20)
    stream.away.clear()
    with Outbox(stream, tmp_path / "outbox", interval=0.01) as again:
        again.put(numbered(20, 22))
        assert again.flush(30)
    assert stream.received == numbered(0, 22)


KILLED = """
import sys, time
from pathlib import Path
from steer.exceptions import ServerError
from steer.outbox import Outbox

class Away:
    def backlog(self): return 0
    def publish(self, messages): raise ServerError("away")
    def close(self): pass

outbox = Outbox(Away(), Path(sys.argv[1]))
for i in range(300):
    outbox.put([f"frame {i}".encode()])
sys.stdout.write("ready\\n")
sys.stdout.flush()
time.sleep(600)
"""


def test_a_killed_process_loses_nothing_it_has_put(stream, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "outbox"], stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        with pytest.raises(StorageError, match="another process"):
            Outbox(stream, tmp_path / "outbox")
        os.kill(child.pid, signal.SIGKILL)
    with Outbox(stream, tmp_path / "outbox") as outbox:
        assert outbox.flush(30)
    assert stream.received == numbered(0, 300)


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 200), tail=st.binary(max_size=20))
def test_a_torn_file_gives_its_whole_messages(tmp_path_factory, cut, tail):
    path, stream = tmp_path_factory.mktemp("outbox") / "outbox", Unreliable()
    stream.away.set()
    outbox = Outbox(stream, path)
    outbox.put(numbered(0, 10))
    outbox.close(0.0)
    path.write_bytes(path.read_bytes()[:cut] + tail)
    kept = undelivered(path)
    assert kept == numbered(0, 10)[: len(kept)]
    assert len(kept) >= min(cut // 15, 10)
    stream.away.clear()
    with Outbox(stream, path) as again:
        again.put([b"new"])
        assert again.flush(30)
    assert stream.received == [*kept, b"new"]


def test_a_server_that_is_far_behind_is_given_time(stream, tmp_path):
    stream.publish(numbered(0, 6))
    with Outbox(stream, tmp_path / "outbox", interval=0.01, high_water=5) as outbox:
        outbox.put(numbered(6, 8))
        assert not outbox.flush(0.05)
        stream.acknowledge([id for id, _ in stream.read(3, 0)])
        assert outbox.flush(30)
    assert stream.received == numbered(3, 8)


def test_a_failure_that_waiting_does_not_mend_is_told(stream, tmp_path, monkeypatch):
    def broken(messages):
        raise TypeError("this publisher is broken")

    monkeypatch.setattr(stream, "publish", broken)
    outbox = Outbox(stream, tmp_path / "outbox", interval=0.01)
    outbox.put(numbered(0, 1))
    with pytest.raises(StorageError, match="this publisher is broken"):
        outbox.flush(30)
    with pytest.raises(StorageError):
        outbox.close()
    assert undelivered(tmp_path / "outbox") == numbered(0, 1)


def test_a_message_of_no_bytes_is_refused(stream, tmp_path):
    with Outbox(stream, tmp_path / "outbox") as outbox, pytest.raises(ValueError, match="no bytes"):
        outbox.put([b"frame", b""])


def test_no_file_is_nothing_undelivered(tmp_path):
    assert undelivered(tmp_path / "none") == []


def test_a_folder_that_is_missing_is_named(stream, tmp_path):
    with pytest.raises(StorageError, match="missing"):
        Outbox(stream, tmp_path / "missing" / "outbox")
