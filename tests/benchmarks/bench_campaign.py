"""A campaign on up to 10,000 slots: the real coordinator, journal, queues and Redis; stand-ins for the workers.

Run it as ``python tests/benchmarks/bench_campaign.py [--slots 100 1000 10000] [--seconds 10] [--mean 10]``. Jobs end on
a simulated clock: a simulation of hours takes about `--mean` seconds of it, so that 10,000 slots want 1,000 job starts a
second. The clock moves on by the processor time that coordinator and Redis have taken for a tick, one after the other
as on one core, because a coordinator waits for Redis's answers; what Redis does for workers at the same time is taken to
have a core of its own. The workers' own work costs nothing, because it would be done on other machines. So waiting for
the processor does not count, although a busy machine makes processor time longer, and neither does waiting for the
disk; commits are counted for that. When everything is done before the next job ends, the clock moves to `--tick` later.
Workers do not wait for the coordinator: a slot that becomes free during a tick takes a job that the queue held before.

Each number of slots runs in a process, a campaign directory and with a Redis of its own. Nothing is measured before the
first latent model is in use, twice as many jobs as slots have started, and twice `--mean` has passed since; at least ten
ticks are measured. ``--profile FILE`` writes a cProfile of the coordinator, which makes it slower.
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
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from stand_in import Daemons, Load, StandIn

from steer.birth import give_birth
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import connect
from steer.console import PlainLines
from steer.coordinator import Coordinator
from steer.docket_fleet import DocketFleet
from steer.framestore import FrameStore
from steer.garbage import collect_rarely
from steer.journal import Journal
from steer.redis_stream import RedisFrameStream
from steer.server import EmbeddedRedis

EXAMPLE = Path(__file__).parents[2] / "examples" / "trp-cage" / "trpcage.pdb"
NAME = "scale"

TICKS = 10
"""Measured at least."""

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
scaling = "kind"
[selection]
selector = "farthest_point"
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
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="measured time of each, on the simulated clock"
    )
    parser.add_argument("--mean", type=float, default=10.0, help="mean duration of a job, in s")
    parser.add_argument("--frames", type=int, default=2, help="frames of one CG simulation")
    parser.add_argument("--share", type=float, default=0.5, help="refinements' share of the slots at most")
    parser.add_argument("--slots-per-daemon", type=int, default=8)
    parser.add_argument("--tick", type=float, default=0.05, help="shortest time between two ticks, in s")
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
    arguments += ["--tick", str(options.tick)]
    arguments += ["--profile", str(options.profile)] if options.profile else []
    answer = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def table(rows: list[dict[str, float]]) -> None:
    print(f"{'':<40}" + "".join(f"{row['slots']:>12,.0f}" for row in rows))
    for name in rows[0]:
        if name != "slots":
            print(f"{name:<40}" + "".join(f"{row[name]:>12,.4g}" for row in rows))


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
        collect_rarely()
        coordinator = Coordinator(directory, config, journal, store, stream, fleet, coarse, PlainLines(log))
        load = Load(slots, options.slots_per_daemon, options.mean, options.frames)
        url = server.worker_connection.url
        names = [f"node-{i:05d}" for i in range(-(-slots // options.slots_per_daemon))]
        overseer = connect(server.connection)
        world = World(
            coordinator,
            StandIn(url, directory.root, load, overseer),
            Daemons(url, NAME, names),
            overseer,
            options.tick,
        )
        world.warm_up(options.mean)
        profile = cProfile.Profile() if options.profile else None
        result = world.window(slots, options.seconds, profile)
        if profile is not None:
            profile.dump_stats(options.profile)
        return result


def make_campaign(folder: Path, options: argparse.Namespace, slots: int) -> CampaignDirectory:
    (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    text = CAMPAIGN.format(frames=options.frames, share=options.share, initial=max(500, round(1.5 * slots)))
    (folder / "campaign.toml").write_text(text)
    return CampaignDirectory.create(folder / NAME, load_config(folder / "campaign.toml"))


@dataclass
class Spent:
    """What has been used up so far.

    Attributes
    ----------
    coordinator, redis : float
        Processor seconds during ticks.
    redis_workers : float
        Processor seconds of Redis for stand-ins and daemons.
    """

    coordinator: float = 0.0
    redis: float = 0.0
    redis_workers: float = 0.0
    commands: int = 0
    commits: int = 0
    started: int = 0
    idle: float = 0.0


class World:
    """Coordinator, stand-ins and their clock."""

    def __init__(
        self, coordinator: Coordinator, stand_in: StandIn, daemons: Daemons, client: Any, tick: float
    ) -> None:
        self.coordinator, self.stand_in, self.daemons, self.client = coordinator, stand_in, daemons, client
        self.tick, self.now, self.spent = tick, 0.0, Spent()
        self.ticks: list[float] = []
        self.profile: cProfile.Profile | None = None
        coordinator.ledger.journal.transaction = self._counting(coordinator.ledger.journal.transaction)
        stand_in.attach()

    def _counting(self, transaction: Any) -> Any:
        def counted() -> Any:
            self.spent.commits += 1
            return transaction()

        return counted

    def turn(self) -> None:
        """The workers do what is due, then the coordinator ticks once, and the clock moves on by what that took."""
        self.work()
        between = self._redis()
        own = time.process_time()
        if self.profile:
            self.profile.enable()
        self.coordinator.tick(0.0)
        if self.profile:
            self.profile.disable()
        own = time.process_time() - own
        after = self._redis()
        self.spent.coordinator += own
        self.spent.redis += after[0] - between[0]
        self.spent.commands += after[1] - between[1]
        took = own + after[0] - between[0]
        self.ticks.append(took)
        self.now += max(took, self.tick)

    def work(self) -> None:
        """The workers do what is due."""
        before = self._redis()
        self.stand_in.step(self.now)
        self.daemons.murmur(self.now)
        self.client.ping()
        after = self._redis()
        self.spent.redis_workers += after[0] - before[0]
        self.spent.commands += after[1] - before[1]
        self.spent.started, self.spent.idle = self.stand_in.started, self.stand_in.idle(self.now)

    def _redis(self) -> tuple[float, int]:
        cpu, stats = self.client.info("cpu"), self.client.info("stats")
        return cpu["used_cpu_user"] + cpu["used_cpu_sys"], stats["total_commands_processed"]

    def warm_up(self, mean: float) -> None:
        """Until a model is in use, and the jobs that it leads to have taken the place of those that waited for it."""
        while self.coordinator.counts().model == 0 or self.stand_in.started < 2 * self.stand_in.load.slots:
            self.turn()
            if self.now > 100 * mean:
                raise SystemExit(f"no latent model yet: {self.coordinator.counts()}")
        until = self.now + 2 * mean
        while self.now < until:
            self.turn()

    def window(self, slots: int, seconds: float, profile: cProfile.Profile | None) -> dict[str, float]:
        """Go on for so long, and say what it took."""
        self.work()
        self.profile, before, began = profile, replace(self.spent), self.now
        self.ticks.clear()
        while self.now - began < seconds or len(self.ticks) < TICKS:
            self.turn()
        self.work()
        span, spent = self.now - began, self.spent
        starts, counts, ledger = (
            spent.started - before.started,
            self.coordinator.counts(),
            self.coordinator.ledger,
        )
        own = spent.coordinator - before.coordinator
        redis = spent.redis - before.redis
        return {
            "slots": slots,
            "job starts a second": starts / span,
            "slots idle, %": 100 * (spent.idle - before.idle) / (slots * span),
            "coordinator, CPU ms a start": 1e3 * own / starts,
            "Redis for it, CPU ms a start": 1e3 * redis / starts,
            "most starts a second, one after other": starts / (own + redis),
            "most starts a second, coordinator alone": starts / own,
            "ticks measured": len(self.ticks),
            "coordinator, share of a core, %": 100 * own / span,
            "Redis, share of a core, %": 100 * (redis + spent.redis_workers - before.redis_workers) / span,
            "Redis, commands a second": (spent.commands - before.commands) / span,
            "Redis, memory in MB": self.client.info("memory")["used_memory"] / 2**20,
            "Redis, bytes a record of an ended job": self.stand_in.record_size(),
            "all in one process, peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "journal commits a second": (spent.commits - before.commits) / span,
            "tick, median ms of CPU": 1e3 * float(np.median(self.ticks)),
            "tick, longest ms of CPU": 1e3 * max(self.ticks),
            "frames stored": counts.frames,
            "jobs so far": sum(sum(ledger.states(level).values()) for level in ("cg", "aa")),
            "seeds so far": ledger.last_seed,
            "refinements accepted": counts.accepted,
            "models": counts.model,
            "load of the machine": os.getloadavg()[0],
        }


if __name__ == "__main__":
    main()
