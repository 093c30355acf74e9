"""How many frames a second a campaign takes in: from the stream to a durable record, a latent point and the acknowledgement.

Run it as ``python tests/benchmarks/bench_ingest.py [--rate 24000] [--frames 1000000] [--retrain]``. The coordinator is
the real one (`Coordinator.tick`), with its embedded Redis, journal, frame store and a trained autoencoder; the molecule
is real too (150 Martini beads). Frames come from a process of its own that knows nothing of our outbox or encoder: it
writes the wire format of ``docs/performance.md`` as anybody could, one entry of the stream a frame, in pipelines of
redis-py. Simulations are entered in the journal as running; no worker is attached.

- ``--rate 0`` publishes as fast as it can, `AHEAD` frames ahead of the coordinator at most; a rate is kept by the clock.
- ``--waiting N`` publishes N frames before the coordinator begins, and counts how fast it takes them, alone.
- ``--retrain`` fills the store with a million frames first and trains on all of them, in a child process as a worker
  has it, while frames go on coming at ``--rate``; with ``--before``, frames come when it is through, while all are
  encoded anew.

Printed are rates, processor time a frame of every process and stage, latency from publishing, and memory: what grows by
design (latent points, columns, identities, candidates) and what else there is.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

RESIDUES = 75
SEQUENCE = ("NLVIQ" * RESIDUES)[:RESIDUES]
"""Two beads each."""
SHAPES = 2_000
BATCH = 250
"""Frames in one pipeline of the generator."""
AHEAD = 60_000
STRIDE = 1000
"""Steps between two frames of a simulation."""
BINS = np.concatenate([np.arange(0, 10, 0.002), [np.inf]])

CAMPAIGN = """
[campaign]
name = "large"
seed = 1

[molecule]
sequence = "{sequence}"

[coarse]
network = "none"
length = "20 us"
segment = "20 us"
frame_interval = "20 ps"

[latent]
min_frames = 1000
max_frames = {max_frames}
growth = {growth}
drift = 1000.0
epochs = {epochs}

[stop]
aggregate_time = "1000 s"
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=500_000)
    parser.add_argument("--rate", type=float, default=0.0, help="frames a second; 0: as fast as can be")
    parser.add_argument("--waiting", action="store_true", help="publish all before the coordinator begins")
    parser.add_argument("--simulations", type=int, default=2_400)
    parser.add_argument(
        "--deflated", action="store_true", help="coordinates deflated, as older workers send them"
    )
    parser.add_argument("--retrain", type=int, default=0, metavar="FRAMES", help="train on so many meanwhile")
    parser.add_argument(
        "--before", action="store_true", help="train before frames come: encoding anew is left"
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument(
        "--after", type=float, default=15.0, help="s to go on once the retrained model is in use"
    )
    parser.add_argument("--every", type=float, default=5.0, help="s between two lines")
    parser.add_argument("--directory", type=Path, help="where to work; a temporary folder when absent")
    parser.add_argument("--child", choices=["generate", "train"], help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "generate":
        generate(options)
    elif options.child == "train":
        train_in_child(options.root)
    else:
        with tempfile.TemporaryDirectory(dir=options.directory) as scratch:
            measure(options, Path(scratch) / "large")


# -- the load -----------------------------------------------------------------------------------------------------


def generate(options: argparse.Namespace) -> None:
    """Publish frames by the documented format: nothing of `steer` is used but where the server is."""
    import msgspec
    import redis

    told = json.loads(sys.stdin.readline())
    client = redis.Redis(unix_socket_path=told["socket"], username=told["user"], password=told["password"])
    shapes = np.load(told["shapes"])
    payloads = [_payload(shape, options.deflated) for shape in shapes]
    packing = "deflated" if options.deflated else "plain"
    encoder, crc, pack = msgspec.msgpack.Encoder(), zlib.crc32, struct.Struct("<H").pack
    n_beads, key, began, sent = shapes.shape[1], told["key"], time.time(), 0
    while sent < options.frames:
        if options.rate:
            ahead = sent / options.rate - (time.time() - began)
            if ahead > 0:
                time.sleep(ahead)
        elif not options.waiting:
            while client.xlen(key) > AHEAD:
                time.sleep(0.005)
        now, count = time.time(), min(BATCH, options.frames - sent)
        with client.pipeline(transaction=False) as pipeline:
            for index in range(sent, sent + count):
                number, turn = index % options.simulations + 1, index // options.simulations + told["begin"]
                minimum, payload = payloads[index % len(payloads)]
                step = (turn + 1) * STRIDE
                header = encoder.encode(
                    (1, "large", f"cg-{number:06d}", "cg", step, step * 0.02, (0.0, 0.0, 0.0), 1, now, n_beads,
                     minimum, "u2", packing)
                )  # fmt: skip
                body = pack(len(header)) + header + payload
                pipeline.xadd(key, {"frame": b"STF1" + crc(body).to_bytes(4, "little") + body})
            pipeline.execute()
        sent += count
    print(json.dumps({"seconds": time.time() - began, "processor": time.process_time()}), flush=True)


def _payload(shape: np.ndarray, deflated: bool) -> tuple[tuple[float, ...], bytes]:
    minimum = shape.min(axis=0).astype(float)
    counts = np.rint((shape - minimum) / 0.001).astype("<u2")
    if not deflated:
        return tuple(minimum.tolist()), counts.tobytes()
    moves = np.diff(counts.astype("<i2"), axis=0, prepend=np.zeros((1, 3), "<i2")).T
    folded = ((moves << 1) ^ (moves >> 15)).astype("<u2")
    planes = folded.reshape(-1).view(np.uint8).reshape(-1, 2).T
    return tuple(minimum.tolist()), zlib.compress(planes.tobytes(), 1)


# -- the campaign -------------------------------------------------------------------------------------------------


class TrainingFleet:
    """A `Fleet` without workers: simulations are somebody else's, and trainings run in a child of this process."""

    def __init__(self, root: Path, trains: bool) -> None:
        self._root, self._trains = root, trains
        self._jobs: dict[str, tuple] = {}
        self._child: subprocess.Popen | None = None
        self._training = None
        self._told = False

    def submit(self, *jobs) -> None:
        from steer.messages import TrainJob, encode

        for job in jobs:
            self._jobs[job.key] = job
            if isinstance(job, TrainJob) and self._training is None:  # one worker's: a next one would wait
                command = [sys.executable, __file__, "--child", "train", "--root", str(self._root)]
                self._child = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
                self._child.stdin.write(encode(job) + "\n")
                self._child.stdin.flush()
                self._training, self._began = job, time.time()
                print(f"training of version {job.version} on {job.frames:,} frames begins", flush=True)

    def wait(self) -> None:
        """Until the training is through; its end is told at the next look."""
        self._child.wait()

    @property
    def is_training(self) -> bool:
        return self._child is not None

    def cancel(self, key: str) -> None:
        self._jobs.pop(key, None)

    def known(self) -> set[str]:
        return set(self._jobs)

    def events(self, timeout: float = 0.0):
        from steer.messages import JobEvent, TrainResult

        if self._child is None or self._child.poll() is None:
            return []
        line, job = self._child.stdout.readline(), self._training
        if self._child.returncode:
            raise SystemExit("the training failed")
        told = json.loads(line)
        print(
            f"training took {told['seconds']:.0f} s, {told['processor']:.0f} s of processor; peak {told['peak']:.1f} GB"
        )
        result = TrainResult(version=job.version, statistics=told["statistics"], seconds=told["seconds"])
        self._child = None
        event = JobEvent(key=job.key, status="done", worker="bench", started=self._began, finished=time.time(),
                         result=result)  # fmt: skip
        del self._jobs[job.key]
        return [("1", event)]

    def acknowledge(self, receipts) -> None: ...

    def progress(self):
        return []

    def workers(self):
        return []

    def refusals(self):
        return []

    def capacity(self):
        from steer.fleet import Capacity

        one = int(self._trains)
        return Capacity(one, {"cg": 0, "refine": 0, "train": one})

    def close(self) -> None: ...


def train_in_child(root: Path) -> None:
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.jobs.child import step_back
    from steer.jobs.context import JobContext
    from steer.jobs.train import run
    from steer.messages import decode_job

    job = decode_job(sys.stdin.readline())
    step_back(job)
    if os.sched_getscheduler(0) != os.SCHED_OTHER:  # the benchmark has a busy machine's processors to itself
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        Path("/proc/self/autogroup").write_text("-20")
    directory = CampaignDirectory.open(root)
    config = load_config(directory.config)
    context = JobContext(
        directory, config, directory.root, lambda frames: None, lambda *report: None, lambda: False
    )
    result = run(job, context)
    told = {
        "seconds": result.seconds, "processor": time.process_time(), "statistics": result.statistics,
        "peak": _status("VmHWM:") / 2**20,
    }  # fmt: skip
    print(json.dumps(told), flush=True)


def build(root: Path, options: argparse.Namespace):
    """A campaign whose simulations run, whose model is trained, and whose store holds what it was trained on."""
    from bench_resume import end, walk

    from steer.birth import give_birth
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.framestore import FrameStore
    from steer.jobs.context import JobContext
    from steer.jobs.train import run
    from steer.journal import Journal
    from steer.messages import CgJob, TrainJob

    file = root.with_name("large.toml")
    growth = 2.0 if options.retrain else 1e9
    text = CAMPAIGN.format(sequence=SEQUENCE, growth=growth, max_frames=5_000, epochs=options.epochs)
    file.write_text(text)
    directory = CampaignDirectory.create(root, load_config(file))
    config = load_config(directory.config)
    journal = Journal(directory.journal)
    coarse = give_birth(directory, config, journal, lambda text: None)
    shapes = walk(coarse.positions)[:SHAPES]
    stored = max(5_000, options.retrain)
    rounds = max(2, -(-stored // options.simulations))
    with FrameStore(directory.frames, coarse.n_beads) as store:
        fill(store, shapes, rounds, options.simulations)
    known = max(stored // 2, 2 * options.simulations)  # in turn: every simulation's first two are among them
    job = TrainJob(key="train:0001", version=1, previous=0, frames=known, random_seed=1)
    context = JobContext(directory, config, directory.root, print, _silent, _never)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        result = pool.submit(run, job, context).result()
    if options.retrain:
        directory.config.write_text(
            directory.config.read_text().replace("max_frames = 5000", "max_frames = 10000000")
        )
    config = load_config(directory.config)
    seed = journal.seeds()[0]
    with journal.transaction():
        journal.plan_training(job)
        end(journal, job, result)
        for number in range(1, options.simulations + 1):
            id = f"cg-{number:06d}"
            journal.plan_cg(
                CgJob(key=f"cg:{id}", simulation=id, start=seed.file, force_field=1, steps=10**9,
                      random_seed=number),
                seed,
                steered=False,
            )  # fmt: skip
            journal.mark_submitted([f"cg:{id}"])
    journal.close()
    return directory, config, coarse, shapes, rounds


def _silent(*report) -> None: ...


def _never() -> bool:
    return False


def fill(store, shapes, rounds: int, simulations: int) -> None:
    """So many frames of each simulation, in turn, as if they had come."""
    from steer.frames import Frame
    from steer.shards import checksums, pack

    box = np.zeros(3, np.float32)
    templates = pack([Frame("large", "cg-000001", "cg", 0, 0.0, box, 1, 0.0, shape) for shape in shapes], 0.0)
    rng = np.random.default_rng(2)
    for start in range(0, rounds * simulations, 50_000):
        rows = np.arange(start, min(rounds * simulations, start + 50_000))
        records = templates[rng.integers(len(templates), size=len(rows))]
        records["positions"] += rng.integers(20, size=records["positions"].shape, dtype=np.uint16)
        records["number"], records["step"] = rows % simulations + 1, (rows // simulations + 1) * STRIDE
        records["time"] = records["step"] * 0.02
        records["crc32"] = checksums(records)
        store.append_records(records)


# -- the measurement ----------------------------------------------------------------------------------------------


class Stages:
    """Processor time of the functions that do the work, by name, without what they call of each other."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.waited: dict[str, float] = {}
        self._threads = threading.local()

    def watch(self, owner, attribute: str, stage: str) -> None:
        inner = getattr(owner, attribute)

        def timed(*arguments, **named):
            stack = self._threads.__dict__.setdefault("stack", [])
            stack.append([0.0, 0.0])
            began, clock = time.thread_time(), time.perf_counter()
            try:
                return inner(*arguments, **named)
            finally:
                took, wall = time.thread_time() - began, time.perf_counter() - clock
                inside, wall_inside = stack.pop()
                self.spent[stage] = self.spent.get(stage, 0.0) + took - inside
                self.waited[stage] = self.waited.get(stage, 0.0) + wall - wall_inside - (took - inside)
                if stack:
                    stack[-1][0] += took
                    stack[-1][1] += wall

        setattr(owner, attribute, timed)


class Latencies:
    """Seconds from publishing, counted in bins, so that memory does not grow with them."""

    def __init__(self) -> None:
        self.counts = {
            name: np.zeros(len(BINS) - 1, np.int64) for name in ("acknowledged", "on the map", "on disk")
        }
        self._waiting = {name: deque() for name in ("on the map", "on disk")}

    def stored(self, first: int, published: np.ndarray) -> None:
        for waiting in self._waiting.values():
            waiting.append((first, published))

    def passed(self, name: str, rows: int) -> None:
        waiting = self._waiting[name]
        while waiting and waiting[0][0] < rows:
            first, published = waiting.popleft()
            done = min(len(published), rows - first)
            self.count(name, published[:done])
            if done < len(published):
                waiting.appendleft((first + done, published[done:]))
                return

    def count(self, name: str, published: np.ndarray) -> None:
        self.counts[name] += np.histogram(time.time() - published, BINS)[0]

    def quantile(self, name: str, share: float) -> float:
        counts = self.counts[name]
        total = counts.sum()
        return float(BINS[1:][np.searchsorted(np.cumsum(counts), share * total)]) if total else float("nan")

    def within(self, name: str, seconds: float) -> float:
        counts = self.counts[name]
        return float(counts[: np.searchsorted(BINS, seconds)].sum() / max(1, counts.sum()))


def measure(options: argparse.Namespace, root: Path) -> None:
    import steer.ingest
    from steer.campaign_server import campaign_server
    from steer.connection import connect
    from steer.console import Silent
    from steer.coordinator import Coordinator
    from steer.framestore import FrameStore
    from steer.garbage import collect_rarely
    from steer.journal import Journal
    from steer.readahead import ReadAhead
    from steer.redis_stream import RedisFrameStream

    directory, config, coarse, shapes, rounds = build(root, options)
    with ExitStack() as stack:
        journal = Journal(directory.journal)
        stack.callback(journal.close)
        server = stack.enter_context(campaign_server(directory, "large", None, None))
        frames = RedisFrameStream(connect(server.connection), "large")
        stream = stack.enter_context(closing(ReadAhead(frames)))
        fleet = TrainingFleet(root, bool(options.retrain))
        store = stack.enter_context(FrameStore(directory.frames, coarse.n_beads))
        coordinator = Coordinator(directory, config, journal, store, stream, fleet, coarse, Silent())
        collect_rarely()
        while not coordinator._map.version or len(coordinator._map._current) < len(store):
            coordinator._map.advance()
            time.sleep(0.01)
        redis_id = int((directory.root / "redis" / "redis.pid").read_text())
        share_priority(redis_id)
        if options.before:
            while not fleet.is_training:
                coordinator.tick()
            fleet.wait()
        child = start_generator(options, server.connection, shapes, root, rounds)
        stages, latencies = watch(coordinator, store, frames, steer.ingest)
        begun = len(store)
        print(
            f"{coarse.n_beads} beads, {options.simulations:,} simulations, {begun:,} frames stored before; "
            f"messages of {message_size(frames):,} bytes; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        if options.waiting:
            child.wait()
        report = Report(coordinator, stages, latencies, child.pid, redis_id, begun)
        end = begun + options.frames
        training = bool(options.retrain)
        adopted = float("inf")
        while len(store) < end and time.perf_counter() < adopted + options.after:
            coordinator.tick()
            if training and coordinator._map.version > 1 and adopted == float("inf"):
                adopted = time.perf_counter()
                print(f"version 2 is in use for {len(coordinator._map._current):,} frames", flush=True)
            table = coordinator._map._current
            latencies.passed("on the map", len(table))
            latencies.passed("on disk", table._kept)
            report.every(options.every)
        report.total()
        if len(store) < end:
            child.kill()
            return
        print("generator:", child.stdout.readline().strip())
        for name, told in sorted(frames._client.info("commandstats").items()):
            if told["usec"] > 10_000:
                print(
                    f"Redis {name.removeprefix('cmdstat_')}: {told['usec'] / options.frames:.2f} us a frame"
                )
        child.wait()


def start_generator(options, connection, shapes, root: Path, rounds: int) -> subprocess.Popen:
    socket = connection.address.removeprefix("unix://").partition("?")[0]
    path = root.with_name("shapes.npy")
    np.save(path, shapes)
    command = [sys.executable, __file__, "--child", "generate", *sys.argv[1:]]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told = {"socket": socket, "user": connection.username or "default", "password": connection.password,
            "key": "large:frames", "shapes": str(path), "begin": rounds}  # fmt: skip
    child.stdin.write(json.dumps(told) + "\n")
    child.stdin.flush()
    return child


def share_priority(pid: int) -> None:
    """Have the scheduler treat a session of its own as it treats this process: for a busy machine."""
    try:
        nice = Path("/proc/self/autogroup").read_text().split()[-1]
        Path(f"/proc/{pid}/autogroup").write_text(nice)
    except OSError:
        pass


def message_size(stream) -> int:
    while not stream.backlog():
        time.sleep(0.01)
    ((_, fields),) = stream._client.xrange(stream.key, count=1)
    return len(fields[b"frame"])


def watch(coordinator, store, stream, ingest) -> tuple[Stages, Latencies]:
    from models.autoencoder import Autoencoder
    from models.features import BeadFeatures
    from models.network import Network

    stages, latencies = Stages(), Latencies()
    stages.watch(stream, "read", "read from Redis")
    stages.watch(stream, "acknowledge", "acknowledge")
    stages.watch(ingest, "decode_batches", "check and decode")
    stages.watch(ingest, "records_of", "make records")
    stages.watch(store, "append_records", "identities, columns")
    stages.watch(store, "_write_part", "write and sync")
    stages.watch(store, "_seal", "table of a full shard")
    stages.watch(store, "positions", "positions for the model")
    stages.watch(BeadFeatures, "transform", "features")
    stages.watch(Autoencoder, "_missed", "decode error")
    stages.watch(Network, "apply", "encode, decode")
    stages.watch(coordinator._map, "_sanity", "sanity")
    stages.watch(coordinator._map._current, "_sanity", "sanity")
    stages.watch(coordinator._map, "_count", "cells, discoveries")
    stages.watch(coordinator._map, "advance", "standardise, latent file")
    stages.watch(coordinator, "_decide", "decide")
    stages.watch(coordinator, "_publish_status", "status")
    stages.watch(coordinator._ingest, "pump", "rest of ingest, waiting")
    stages.watch(coordinator, "tick", "rest of the tick")
    append, acknowledge = store.append_records, stream.acknowledge
    stored: deque[np.ndarray] = deque()

    def noted(records):
        rows = append(records)
        if len(rows):
            stored.append(np.array(store._newest[1]["published"]))
            latencies.stored(int(rows[0]), stored[-1])
        return rows

    def told(ids):
        acknowledge(ids)
        latencies.count("acknowledged", stored.popleft())

    store.append_records, stream.acknowledge = noted, told
    return stages, latencies


class Report:
    """Lines while it runs, and tables at the end."""

    def __init__(
        self, coordinator, stages: Stages, latencies: Latencies, generator: int, redis: int, begun: int
    ) -> None:
        self._coordinator, self._stages, self._latencies = coordinator, stages, latencies
        self._others = {"generator": generator, "Redis": redis}
        self._begun = self._rows = begun
        self._ours = time.process_time()
        self._spent = {name: processor(pid) for name, pid in self._others.items()}
        self._start = self._last = time.perf_counter()
        self._memory: list[tuple[int, float]] = []

    def every(self, seconds: float) -> None:
        now, rows = time.perf_counter(), len(self._coordinator.store)
        if now - self._last < seconds:
            return
        rate = (rows - self._rows) / (now - self._last)
        self._last, self._rows = now, rows
        resident, designed, redis = (
            _status("RssAnon:") / 1024,
            by_design(self._coordinator),
            self._redis_memory(),
        )
        self._memory.append((rows, resident - sum(designed.values())))
        print(
            f"{now - self._start:6.0f} s {rows:>11,} frames {rate:>8,.0f}/s, backlog "
            f"{self._coordinator._stream.backlog():>8,}, model {self._coordinator._map.version}"
            f"{'+' if self._coordinator._map._open_pending else ' '}, memory {resident:,.0f} MB"
            f" - {sum(designed.values()):,.0f} by design = {self._memory[-1][1]:,.0f}; Redis {redis:,.0f} MB",
            flush=True,
        )

    def _redis_memory(self) -> float:
        return _status("RssAnon:", self._others["Redis"]) / 1024

    def total(self) -> None:
        frames, wall = len(self._coordinator.store) - self._begun, time.perf_counter() - self._start
        ours = time.process_time() - self._ours
        print(
            f"\n{frames:,} frames in {wall:.1f} s: {frames / wall:,.0f} a second; load {os.getloadavg()[0]:.1f}"
        )
        print(
            f"coordinator {1e6 * ours / frames:.1f} us of processor a frame: {frames / ours:,.0f} a second and core"
        )
        for name, pid in self._others.items():
            spent = processor(pid) - self._spent[name]
            if spent > 0:
                print(f"{name} {1e6 * spent / frames:.1f} us of processor a frame")
        known = sum(self._stages.spent.values())
        print("\n| stage | processor, us a frame | share | not running, us a frame |\n|---|---|---|---|")
        for stage, spent in sorted(self._stages.spent.items(), key=lambda item: -item[1]):
            print(
                f"| {stage} | {1e6 * spent / frames:.2f} | {spent / known:.0%} "
                f"| {1e6 * self._stages.waited[stage] / frames:.2f} |"
            )
        print("\n| from publishing to | median, s | 99%, s | within 1 s |\n|---|---|---|---|")
        for name in self._latencies.counts:
            median, most = self._latencies.quantile(name, 0.5), self._latencies.quantile(name, 0.99)
            print(f"| {name} | {median:.3f} | {most:.3f} | {self._latencies.within(name, 1.0):.2%} |")
        print(
            "\nby design, MB:", {name: round(size, 1) for name, size in by_design(self._coordinator).items()}
        )


def by_design(coordinator) -> dict[str, float]:
    """MB of what is kept for each frame, by its use; room that is not filled yet has no memory behind it."""
    store, explored = coordinator.store, coordinator._map
    tables = [table for table in (explored._current, explored._pending) if table is not None]
    candidates = explored._candidates
    sizes = {
        "latent points": sum(
            array[: len(table)].nbytes for table in tables for array in table._rows.arrays()
        ),
        "columns": sum(store._columns[name].nbytes for name in store._columns._arrays),
        "identities": store._index.nbytes if store._index else 0,
        "candidates": 0
        if candidates is None
        else sum(a.nbytes for a in (candidates.points, candidates.rows, candidates.parents, candidates.free)),
    }
    return {name: size / 2**20 for name, size in sizes.items()}


def processor(pid: int) -> float:
    """s of processor time of another process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(field: str, pid: int | str = "self") -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


if __name__ == "__main__":
    main()
