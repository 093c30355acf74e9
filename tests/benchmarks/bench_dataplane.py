"""How fast frames travel: codec, store, and the whole way from publisher to acknowledged rows on disk.

Run it as ``python tests/benchmarks/bench_dataplane.py [--beads 38] [--frames 20000]``; it starts a Redis of its own in
a temporary folder. One line a measurement.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from steer.connection import connect
from steer.framereader import FrameReader
from steer.frames import Frame, decode, decode_many, encode
from steer.framestore import FrameStore
from steer.ingest import Ingest
from steer.redis_stream import RedisFramePublisher, RedisFrameStream
from steer.server import EmbeddedRedis
from steer.shards import checksums, pack

BATCH = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beads", type=int, default=38)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of the store that is opened")
    options = parser.parse_args()
    frames = list(make_frames(options.frames, options.beads))
    messages = bench_codec(frames)
    with tempfile.TemporaryDirectory() as folder:
        bench_store(frames, Path(folder))
        bench_way(messages, options.beads, Path(folder))
        bench_open(options.rows, options.beads, Path(folder) / "large")


def make_frames(count: int, n_beads: int) -> Iterator[Frame]:
    """A chain with bonds of 0.35 nm that moves a little from frame to frame."""
    rng = np.random.default_rng(1)
    positions = rng.normal(scale=0.2, size=(n_beads, 3)).cumsum(axis=0)
    for i in range(count):
        positions += rng.normal(scale=0.02, size=positions.shape)
        yield Frame(
            "bench",
            "cg-000001",
            "cg",
            i,
            0.02 * i,
            np.zeros(3, np.float32),
            1,
            0.0,
            positions.astype(np.float32),
        )


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{what:<28}{count / wall:>12,.0f} /s{wall / count * 1e6:>14,.1f} us each"
        f"{cpu / count * 1e6:>14,.1f} us of processor"
    )


def bench_codec(frames: list[Frame]) -> list[bytes]:
    with timed("encode", len(frames)):
        messages = [encode(frame) for frame in frames]
    with timed("decode, one by one", len(frames)):
        for message in messages:
            decode(message)
    with timed("decode, by the batch", len(frames)):
        decode_many(messages)
    raw = frames[0].positions.nbytes
    size = np.mean([len(message) for message in messages])
    print(f"{'message':<28}{size:>12,.0f} bytes, header and all; single precision {raw:,}")
    return messages


def bench_store(frames: list[Frame], folder: Path) -> None:
    with FrameStore(folder / "store", len(frames[0].positions)) as store:
        with timed("append, durable", len(frames)):
            for start in range(0, len(frames), BATCH):
                store.append(frames[start : start + BATCH])
        with timed("append, all known already", len(frames)):
            store.append(frames)
        with timed("read positions in order", len(frames)):
            for _ in store.iter_chunks():
                pass


def bench_way(messages: list[bytes], n_beads: int, folder: Path) -> None:
    server = EmbeddedRedis(folder / "redis", folder / "redis.log", "bench")
    with (
        server,
        closing(RedisFramePublisher(connect(server.worker_connection), "bench")) as publisher,
        closing(RedisFrameStream(connect(server.connection), "bench")) as stream,
        FrameStore(folder / "frames", n_beads) as store,
    ):
        with timed("publish", len(messages)):
            for start in range(0, len(messages), BATCH):
                publisher.publish(messages[start : start + BATCH])
        ingest = Ingest(stream, store, "bench", n_beads, lambda simulation: True)
        with timed("read, store, acknowledge", len(messages)):
            while ingest.pump(5_000, 0.0):
                pass


def bench_open(rows: int, n_beads: int, folder: Path) -> None:
    """A store of many rows."""
    fill(rows, n_beads, folder)
    with timed(f"open {rows:,} rows", 1):
        reader = FrameReader(folder)
    with timed("read all columns", 1):
        reader.count("cg")
    picked = np.sort(np.random.default_rng(2).choice(rows, min(rows, 200_000), replace=False))
    with timed("read scattered positions", len(picked)):
        reader.positions(picked)
    frame = next(make_frames(1, n_beads))
    with FrameStore(folder, n_beads) as store:
        with timed("first append (identities)", 1):
            store.append([frame])
        with timed("next append", 1):
            store.append([frame])


def fill(rows: int, n_beads: int, folder: Path) -> None:
    frames = list(make_frames(1_000, n_beads))
    with FrameStore(folder, n_beads) as store:
        for start in range(0, rows, 100_000):
            records = np.tile(pack(frames, 0.0), 100)[: rows - start]
            records["step"] = np.arange(start, start + len(records))
            records["crc32"] = checksums(records)
            store._write(records)


if __name__ == "__main__":
    main()
