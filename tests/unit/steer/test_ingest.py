"""Ingest: durable before acknowledged, counted once, and nothing that arrives can stop it."""

import numpy as np
import pytest

from steer.frames import Frame, encode
from steer.framestore import FrameStore
from steer.ingest import Ingest
from steer.memory_stream import MemoryFrameStream

BEADS = 5
KNOWN = {"cg-000001", "aa-000001"}


def frame(step: int, simulation: str = "cg-000001", campaign: str = "c", beads: int = BEADS) -> Frame:
    positions = np.random.default_rng(step).normal(size=(beads, 3)).astype(np.float32)
    box = np.array([4, 4, 4], np.float32)
    return Frame(campaign, simulation, simulation[:2], step, step * 0.02, box, 1, 0.0, positions)


@pytest.fixture
def parts(tmp_path):
    stream = MemoryFrameStream()
    with FrameStore(tmp_path / "frames", BEADS) as store:
        yield stream, store, Ingest(stream, store, "c", BEADS, KNOWN.__contains__)


def test_frames_are_stored_in_order_and_acknowledged(parts):
    stream, store, ingest = parts
    stream.publish([encode(frame(step)) for step in range(10)])
    assert ingest.pump(100, 0.0) == 10
    assert store.step.tolist() == list(range(10))
    np.testing.assert_allclose(store.positions(slice(3, 4))[0], frame(3).positions, atol=6e-4)
    assert stream.backlog() == 0
    assert ingest.pump(100, 0.0) == 0


def test_a_frame_delivered_twice_is_stored_once(parts):
    stream, store, ingest = parts
    stream.publish([encode(frame(1)), encode(frame(2)), encode(frame(1))])
    ingest.pump(100, 0.0)
    stream.publish([encode(frame(2))])
    ingest.pump(100, 0.0)
    assert store.step.tolist() == [1, 2]
    assert (ingest.counts.stored, ingest.counts.duplicates) == (2, 2)
    assert stream.backlog() == 0


def test_foreign_broken_and_absurd_messages_are_set_aside_and_good_ones_kept(parts):
    stream, store, ingest = parts
    bad = [
        b"",
        b"not a frame",
        encode(frame(1))[:-3],
        encode(frame(1, campaign="other")),
        encode(frame(1, simulation="cg-000099")),
        encode(frame(1, beads=BEADS + 1)),
    ]
    stream.publish([encode(frame(1)), *bad, encode(frame(2))])
    assert ingest.pump(100, 0.0) == 8
    assert store.step.tolist() == [1, 2]
    assert ingest.counts.set_aside == len(bad)
    assert stream.dead() == len(bad)
    assert stream.backlog() == 0
