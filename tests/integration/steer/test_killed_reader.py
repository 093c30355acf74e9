"""A coordinator that is killed while it stores frames loses none and stores none twice."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

from steer.frames import Frame, encode
from steer.framestore import FrameStore
from steer.ingest import Ingest
from steer.redis_stream import RedisFrameStream

N_BEADS = 20
READER = """
import os, signal, sys
from pathlib import Path
from steer import framestore
from steer.connection import connect
from steer.framestore import FrameStore
from steer.ingest import Ingest
from steer.redis_stream import RedisFrameStream
from steer.server import EmbeddedRedis

root, where, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

def write_half(file, data):
    os.write(file, data[: len(data) // 2 + 7])
    die()

class Stream(RedisFrameStream):
    def acknowledge(self, ids):
        if where == "before acknowledging" and not rounds:
            die()
        super().acknowledge(ids)
        if where == "after acknowledging" and not rounds:
            die()

server = EmbeddedRedis(root / "redis", root / "redis.log", "trp")
stream = Stream(connect(server.connection), "trp")
with FrameStore(root / "frames", 20, rows_per_shard=64) as store:
    ingest = Ingest(stream, store, "trp", 20, lambda simulation: True)
    while True:
        if not rounds and where == "in the middle of writing":
            framestore._write_all = write_half
        if not rounds and where == "before the disk has it":
            framestore.os.fsync = die
        ingest.pump(25, 5.0)
        rounds -= 1
"""


def frames_of(simulation, count):
    positions = np.random.default_rng(int(simulation[3:])).normal(size=(count, N_BEADS, 3)).astype(np.float32)
    box = np.zeros(3, np.float32)
    return [Frame("trp", simulation, "cg", 10 * i, 0.2 * i, box, 1, 0.0, positions[i]) for i in range(count)]


@pytest.mark.parametrize(
    "where",
    ["before acknowledging", "after acknowledging", "in the middle of writing", "before the disk has it"],
)
def test_every_frame_is_stored_exactly_once(server, open_client, tmp_path, where):
    frames = [frame for n in range(1, 5) for frame in frames_of(f"cg-{n:06d}", 60)]
    stream = RedisFrameStream(open_client(), "trp")
    stream.publish([encode(frame) for frame in frames])
    for rounds in (0, 1, 0, 2):
        reader = subprocess.run([sys.executable, "-c", READER, tmp_path, where, str(rounds)], timeout=120)
        assert reader.returncode == -signal.SIGKILL
    with FrameStore(tmp_path / "frames", N_BEADS) as store:
        ingest = Ingest(stream, store, "trp", N_BEADS, lambda simulation: True)
        while ingest.pump(25, 0.0):
            pass
        assert stream.backlog() == 0
        identities = list(zip(store.simulations(slice(None)), store.step.tolist(), strict=True))
        assert sorted(identities) == sorted(frame.identity for frame in frames)
        stored = dict(zip(identities, store.positions(slice(None)), strict=True))
        assert max(np.abs(stored[frame.identity] - frame.positions).max() for frame in frames) < 0.00051
        assert len(store.damaged) == 0


def test_bad_messages_are_set_aside_and_the_good_ones_stored(server, open_client, tmp_path):
    frames = frames_of("cg-000001", 10)
    good = [encode(frame) for frame in frames]
    stream = RedisFrameStream(open_client(), "trp")
    stream.publish([b"garbage", good[0][:-3], *good, good[5], bytes(reversed(good[1]))])
    with FrameStore(tmp_path / "frames", N_BEADS) as store:
        ingest = Ingest(stream, store, "trp", N_BEADS, lambda simulation: True)
        assert ingest.pump(100, 0.0) == 14
        assert len(store) == 10
        assert (ingest.counts.stored, ingest.counts.duplicates, ingest.counts.set_aside) == (10, 1, 3)
    assert (stream.backlog(), stream.dead()) == (0, 3)
    reasons = [fields[b"reason"] for _, fields in open_client().xrange("trp:frames:dead")]
    assert all(reasons)
