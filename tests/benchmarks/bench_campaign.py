"""A campaign on up to 10,000 slots: the real coordinator, journal, queues and Redis; stand-ins for the workers.

Run it as ``python tests/benchmarks/bench_campaign.py [--slots 100 1000 10000] [--seconds 30] [--mean 10]``. Jobs end on
a simulated clock: a simulation of hours takes `--mean` seconds, so that 10,000 slots ask for 1,000 job starts a second.
Each number of slots runs in a campaign directory and with a Redis of its own; nothing is measured before the first
latent model is in use and the slots are full. CPU is given in seconds a second of each process, because the stand-ins
share the machine with what is measured. ``--profile FILE`` writes a cProfile of the coordinator.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from stand_in import REPORT, Daemons, Load, StandIn

from steer.birth import give_birth
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import connect
from steer.console import PlainLines
from steer.coordinator import Coordinator
from steer.docket_fleet import DocketFleet
from steer.framestore import FrameStore
from steer.journal import Journal
from steer.redis_stream import RedisFrameStream
from steer.server import EmbeddedRedis

EXAMPLE = Path(__file__).parents[2] / "examples" / "trp-cage" / "trpcage.pdb"
NAME = "scale"

CAMPAIGN = """
[campaign]
name = "scale"
[molecule]
structure = "trpcage.pdb"
[coarse]
length = "{frames} ns"
segment = "{frames} ns"
frame_interval = "1 ns"
[latent]
model = "pca"
min_frames = 500
[selection]
batch = 500
[refinement]
share = {share}
[seeding]
initial = {initial}
[stop]
walltime = "24 h"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time of each")
    parser.add_argument("--mean", type=float, default=10.0, help="mean duration of a job, in real seconds")
    parser.add_argument("--frames", type=int, default=2, help="frames of one CG simulation")
    parser.add_argument("--share", type=float, default=0.5, help="refinements' share of the slots at most")
    parser.add_argument("--slots-per-daemon", type=int, default=8)
    parser.add_argument("--no-daemons", action="store_true", help="leave the daemons' idle hands out")
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--json", action="store_true", help="one measurement, as JSON")
    options = parser.parse_args()
    if options.json:
        print(json.dumps(measure(options, options.slots[0])))
        return
    rows = []
    for slots in options.slots:
        rows.append(in_own_process(options, slots))
        print(f"{slots} slots measured", file=sys.stderr)
    table(rows)


def in_own_process(options: argparse.Namespace, slots: int) -> dict[str, float]:
    """One measurement in a fresh process, so that memory and CPU are its own."""
    arguments = ["--slots", str(slots), "--seconds", str(options.seconds), "--mean", str(options.mean)]
    arguments += ["--frames", str(options.frames), "--share", str(options.share), "--json"]
    arguments += ["--slots-per-daemon", str(options.slots_per_daemon)]
    arguments += ["--no-daemons"] if options.no_daemons else []
    arguments += ["--profile", str(options.profile)] if options.profile else []
    answer = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def table(rows: list[dict[str, float]]) -> None:
    print(f"{'':<34}" + "".join(f"{row['slots']:>12,.0f}" for row in rows))
    for name in rows[0]:
        if name != "slots":
            print(f"{name:<34}" + "".join(f"{row[name]:>12,.4g}" for row in rows))


def measure(options: argparse.Namespace, slots: int) -> dict[str, float]:
    """Run one campaign, and measure it once it is under way."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        directory = make_campaign(Path(folder), options, slots)
        config = load_config(directory.config)
        server = stack.enter_context(
            EmbeddedRedis(directory.root / "redis", directory.logs / "redis.log", NAME)
        )
        journal = stack.enter_context(closing(Journal(directory.journal)))
        coarse = give_birth(directory, config, journal, lambda text: None)
        stream = RedisFrameStream(connect(server.connection, name="coordinator"), NAME)
        fleet = stack.enter_context(closing(DocketFleet(server.connection.url, NAME, directory.root)))
        store = stack.enter_context(FrameStore(directory.frames, coarse.n_beads))
        log = stack.enter_context((directory.logs / "coordinator.log").open("w"))
        coordinator = Coordinator(directory, config, journal, store, stream, fleet, coarse, PlainLines(log))
        load = Load(slots, options.slots_per_daemon, options.mean, options.frames)
        url = server.worker_connection.url
        report = stack.enter_context(workers(url, directory, load, not options.no_daemons))
        watch = Watch(connect(server.connection), report)
        warm_up(coordinator, options.mean)
        if options.profile is None:
            return window(coordinator, watch, slots, options.seconds)
        with cProfile.Profile() as profile:
            result = window(coordinator, watch, slots, options.seconds)
        profile.dump_stats(options.profile)
        return result


def make_campaign(folder: Path, options: argparse.Namespace, slots: int) -> CampaignDirectory:
    (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    text = CAMPAIGN.format(frames=options.frames, share=options.share, initial=max(500, round(1.5 * slots)))
    (folder / "campaign.toml").write_text(text)
    return CampaignDirectory.create(folder / NAME, load_config(folder / "campaign.toml"))


@contextmanager
def workers(url: str, directory: CampaignDirectory, load: Load, daemons: bool) -> Iterator[Any]:
    """Stand-ins in a process of their own, and the daemons' idle hands in another; yields what they report."""
    context = get_context("spawn")
    stop, report = context.Event(), context.Array("d", len(REPORT))
    processes = [context.Process(target=live_as_workers, args=(url, directory.root, load, report, stop))]
    if daemons:
        count = -(-load.slots // load.per_daemon)
        processes.append(context.Process(target=live_as_daemons, args=(url, count, stop)))
    for process in processes:
        process.start()
    try:
        yield report
    finally:
        stop.set()
        for process in processes:
            process.join()


def live_as_workers(url: str, directory: Path, load: Load, report: Any, stop: Any) -> None:
    stand_in = StandIn(url, directory, load, report)
    try:
        stand_in.live(stop)
    finally:
        if stand_in.pool is not None:
            stand_in.pool.terminate()


def live_as_daemons(url: str, count: int, stop: Any) -> None:
    Daemons(url, NAME, [f"node-{i:05d}" for i in range(count)]).live(stop)


def warm_up(coordinator: Coordinator, mean: float) -> None:
    """Until a model is in use and the first generation has left the slots."""
    began = time.monotonic()
    while coordinator.counts().model == 0 or time.monotonic() - began < 2 * mean:
        coordinator.tick()
        if time.monotonic() - began > 300:
            raise SystemExit(f"no latent model after 300 s: {coordinator.counts()}")


def window(coordinator: Coordinator, watch: Watch, slots: int, seconds: float) -> dict[str, float]:
    """Tick for so long, and say what it took."""
    before, ticks = watch.look(), []
    own, began = time.process_time(), time.monotonic()
    while time.monotonic() - began < seconds:
        tick = time.monotonic()
        coordinator.tick()
        ticks.append(time.monotonic() - tick)
    wall = time.monotonic() - began
    own, after = time.process_time() - own, watch.look()
    spent = {name: after[name] - before[name] for name in before}
    starts, span = spent["started"], spent["at"]
    counts = coordinator.counts()
    return {
        "slots": slots,
        "job starts a second": starts / span,
        "starts wanted a second": slots * starts / max(spent["worked"], 1e-9),
        "slots idle, %": 100 * (1 - spent["worked"] / (slots * span)),
        "  of it the stand-in's own lag, %": 100 * spent["late"] / (slots * span),
        "coordinator, CPU s a second": own / wall,
        "coordinator, CPU ms a start": 1e3 * own / (starts * wall / span),
        "coordinator, peak memory in MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "tick, median ms": 1e3 * float(np.median(ticks)),
        "tick, longest ms": 1e3 * max(ticks),
        "Redis, CPU s a second": spent["redis"] / span,
        "Redis, commands a second": spent["commands"] / span,
        "Redis, memory in MB": after["memory"] / 2**20,
        "stand-ins, CPU s a second": spent["cpu"] / span,
        "load of the machine": os.getloadavg()[0],
        "frames stored": counts.frames,
        "jobs so far": sum(sum(coordinator.ledger.states(level).values()) for level in ("cg", "aa")),
        "seeds so far": len(coordinator.ledger.seeds),
        "refinements accepted": counts.accepted,
        "models": counts.model,
    }


class Watch:
    """What Redis and the stand-ins have done so far."""

    def __init__(self, client: Any, report: Any) -> None:
        self._client, self._report = client, report

    def look(self) -> dict[str, float]:
        info = self._client.info()
        return {
            **dict(zip(REPORT, self._report[:], strict=True)),
            "redis": info["used_cpu_user"] + info["used_cpu_sys"],
            "commands": info["total_commands_processed"],
            "memory": info["used_memory"],
        }


if __name__ == "__main__":
    main()
