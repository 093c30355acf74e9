"""How long until a coordinator is back at work in a large campaign directory.

Run it as ``python tests/benchmarks/bench_resume.py [--frames 10000000] [--jobs 10000] [--directory DIR]``. It first
builds a campaign directory *synthetically*: molecule, force field and latent model are real (martinize2, a short
training), the simulations are not: their frames are conformations of a random walk of the molecule's own beads, written
in the format of the frame store as if workers had sent them, and their jobs are entered in the journal as ended, but for
a hundred that are still open. Then the latent points are computed once, as the coordinator that received the frames
would have done, and Redis knows nothing. Measured is a process that does what `steer run` does, step by step, its
first decision included: one line a step, with wall and processor time, and the peak of memory. The first of the four
measurements has no bounds of distances on disk, as if no coordinator had ever decided here; it leaves those that the
others begin with. Memory is touched and given back before each, because a virtual machine that has not used its memory
for a while gets it from its host anew, which costs up to a second for what is needed here and tells nothing of `steer`;
``--cold`` leaves that out.

A directory given by ``--directory`` is kept, and used again when it is there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

SEQUENCE = "NLYIQ"
IN_PARALLEL = 100
"""Simulations whose frames arrive mixed."""
BURST = 50
"""Frames of one simulation that arrive together."""
SHAPES = 4_000
"""Different conformations; they repeat, shaken so that no two frames are the same."""
JITTER = 20
"""Thousandths of a nm by which each coordinate is shaken, at most."""
OPEN = 100
"""Simulations that have not ended."""

CAMPAIGN = """
[campaign]
name = "large"
seed = 1

[molecule]
sequence = "{sequence}"

[coarse]
network = "none"
length = "{length} ps"
segment = "{length} ps"
frame_interval = "1 ps"

[latent]
max_frames = 5000
min_frames = 1000
epochs = 5

[refinement]
length = "{aa_length} ps"
segment = "{aa_length} ps"
frame_interval = "1 ps"

[selection]
selector = "{selector}"

[stop]
aggregate_time = "1 s"
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=10_000_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--selector", default="farthest_point", help="of a directory that is built now")
    parser.add_argument("--cold", action="store_true", help="measure with memory as it is found")
    parser.add_argument("--resume", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resume:
        resume(options.resume)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = options.directory or Path(scratch) / "large"
        if not (root / "campaign.toml").exists():
            began = time.perf_counter()
            build(root, options.frames, options.jobs, options.selector)
            print(f"built in {time.perf_counter() - began:.0f} s")
        describe(root)
        for file in root.glob("latents/*/to-*.bin"):
            file.unlink()
        for _ in range(4):
            if not options.cold:
                np.ones(2**30, np.uint8)
            subprocess.run([sys.executable, __file__, "--resume", root], check=True)


def describe(root: Path) -> None:
    sizes = {
        folder: sum(path.stat().st_size for path in (root / folder).rglob("*") if path.is_file()) / 2**20
        for folder in ("frames", "latents", "aa")
    }
    sizes["journal.db"] = (root / "journal.db").stat().st_size / 2**20
    print("on disk, MiB:", ", ".join(f"{name} {size:.0f}" for name, size in sizes.items()))


# -- the directory ------------------------------------------------------------------------------------------------


def build(root: Path, frames: int, jobs: int, selector: str) -> None:
    """A campaign of `jobs` jobs, a fifth of them refinements, which gave about `frames` frames, a tenth all-atom."""
    from steer.birth import give_birth
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.framestore import FrameStore
    from steer.journal import Journal

    n_aa = jobs // 5
    n_cg = jobs - n_aa - 1
    per_cg, per_aa = -(-frames * 9 // 10 // n_cg), -(-frames // 10 // n_aa)
    file = root.with_name(f"{root.name}.toml")
    file.write_text(CAMPAIGN.format(sequence=SEQUENCE, length=per_cg, aa_length=per_aa, selector=selector))
    directory = CampaignDirectory.create(root, load_config(file))
    config = load_config(directory.config)
    journal = Journal(directory.journal)
    coarse = give_birth(directory, config, journal, print)
    with FrameStore(directory.frames, coarse.n_beads) as store:
        write_frames(store, walk(coarse.positions), (n_cg, per_cg), (n_aa, per_aa))
    train(directory, config, frames)
    write_journal(directory, journal, coarse, (n_cg, per_cg), (n_aa, per_aa), frames)
    journal.close()
    encode(directory, coarse)


def walk(start: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    moves = rng.normal(scale=0.02, size=(SHAPES, *start.shape))
    return (start + 0.15 * np.sin(np.cumsum(moves, axis=0))).astype(np.float32)


def arrivals(simulations: int, frames: int) -> Iterator[tuple[int, int, int]]:
    """(simulation number, first frame, frames) of bursts, `IN_PARALLEL` simulations at a time."""
    for first in range(1, simulations + 1, IN_PARALLEL):
        for start in range(0, frames, BURST):
            for number in range(first, min(first + IN_PARALLEL, simulations + 1)):
                yield number, start, min(BURST, frames - start)


def write_frames(store, shapes, cg, aa) -> None:
    """Write records as the frame store packs them, 50,000 at a time."""
    from steer.frames import Frame
    from steer.shards import checksums, pack

    box = np.zeros(3, np.float32)
    templates = pack([Frame("large", "cg-000001", "cg", 0, 0.0, box, 1, 0.0, shape) for shape in shapes], 0.0)
    rng = np.random.default_rng(2)
    columns: list[np.ndarray] = []
    count = 0

    def flush() -> None:
        nonlocal count
        table = np.concatenate(columns)
        records = templates[(np.arange(len(table)) * 7 + rng.integers(SHAPES)) % SHAPES]
        records["positions"] += rng.integers(JITTER, size=records["positions"].shape, dtype=np.uint16)
        records["level"], records["number"], records["step"] = table[:, 0], table[:, 1], table[:, 2]
        records["time"] = table[:, 3]
        records["crc32"] = checksums(records)
        store._write(records)
        count = 0
        columns.clear()

    for level, stride, (simulations, frames) in ((0, 50, cg), (1, 250, aa)):
        for number, start, length in arrivals(simulations, frames):
            steps = np.arange(start + 1, start + length + 1)
            columns.append(
                np.column_stack([np.full(length, level), np.full(length, number), steps * stride, steps])
            )
            count += length
            if count >= 50_000:
                flush()
    if count:
        flush()


def train(directory, config, frames: int) -> None:
    from steer.jobs.context import JobContext
    from steer.jobs.train import run

    context = JobContext(
        directory, config, directory.root, lambda frames: None, lambda *report: None, lambda: False
    )
    run(training(frames), context)


def write_journal(directory, journal, coarse, cg, aa, frames: int) -> None:
    """Every job ended, but for the last `OPEN` CG simulations; every refinement accepted, and a seed since."""
    from models.registry import load_model
    from steer.messages import TrainResult

    (n_cg, per_cg), (n_aa, per_aa) = cg, aa
    with journal.transaction():
        model = training(frames)
        journal.plan_training(model)
        statistics = load_model(directory.model(1)).statistics()
        end(journal, model, TrainResult(version=1, statistics=dict(statistics), seconds=1.0))
        seeds = journal.seeds()
        for number in range(1, n_cg + 1):
            add_coarse(journal, number, per_cg, seeds[number % len(seeds)], is_open=number > n_cg - OPEN)
            if number <= n_aa:
                row = number * (n_cg * per_cg // n_aa) - 1
                seeds.append(add_refinement(directory, journal, coarse, number, per_aa, row))
        journal.set_meta("round", n_cg)


def training(frames: int):
    from steer.messages import TrainJob

    return TrainJob(key="train:0001", version=1, previous=0, frames=frames * 3 // 4, random_seed=1)


def add_coarse(journal, number: int, frames: int, seed, is_open: bool) -> None:
    from steer.messages import CgJob, CgResult

    simulation = f"cg-{number:06d}"
    job = CgJob(
        key=f"cg:{simulation}",
        simulation=simulation,
        start=seed.file,
        force_field=1,
        steps=frames * 50,
        random_seed=number,
    )
    journal.plan_cg(job, seed, steered=number % 10 > 0)
    journal.note(number, "StartFromSeed", f"{simulation} from seed {seed.id}", "synthetic")
    if is_open:
        return
    result = CgResult(
        simulation=simulation,
        steps=job.steps,
        frames=frames,
        seconds=1.0,
        steps_per_second=1.0,
        platform="CPU",
        end_state=f"cg/{simulation}/state-{job.steps:012d}.xml",
    )
    end(journal, job, result)


def add_refinement(directory, journal, coarse, number: int, frames: int, row: int):
    from steer.journal import Promotion, Seed
    from steer.messages import RefineJob, RefineResult

    simulation = f"aa-{number:06d}"
    folder = directory.simulation(simulation)
    coarse_folder = folder.relative_to(directory.root)
    job = RefineJob(
        key=f"refine:{simulation}",
        simulation=simulation,
        target=f"{coarse_folder}/target.pdb",
        reference="structures/protein.pdb",
        force_field=1,
        steps=frames * 250,
        random_seed=number,
    )
    source = f"cg-{number:06d}"
    journal.plan_refinement(job, Promotion(simulation, source, 50, row, 1, "random", None, number), 0)
    result = RefineResult(
        simulation=simulation,
        accepted=True,
        reasons=[],
        report={"clashes": 0, "wrong_centres": [], "cis": []},
        backmapper="carry_over",
        attempts=1,
        steps=job.steps,
        frames=frames,
        seconds=1.0,
        platform="CPU",
        secondary_structure="C" * len(SEQUENCE),
        end_state=f"{coarse_folder}/end.pdb",
    )
    end(journal, job, result)
    folder.mkdir(parents=True)
    coarse.write_pdb(folder / "end-beads.pdb", coarse.positions)
    seed = Seed(number + 1, "aa", 1, f"{coarse_folder}/end-beads.pdb", simulation, job.steps)
    journal.add_seed(seed)
    return seed


def end(journal, job, result) -> None:
    from steer.messages import JobEvent

    journal.mark_submitted([job.key])
    journal.record(
        JobEvent(key=job.key, status="done", worker="synthetic", started=0.0, finished=1.0, result=result)
    )


def encode(directory, coarse) -> None:
    """Bring the map level with the frame store, as the coordinator that received the frames has done."""
    from models.registry import load_model
    from steer.explored import ExploredMap
    from steer.framestore import FrameStore
    from steer.latentfile import LatentFile

    model = load_model(directory.model(1))
    file = LatentFile(directory.latents(1), directory.model(1), model.n_latents)
    with FrameStore(directory.frames, coarse.n_beads) as store:
        explored = ExploredMap(store, coarse.bonded, coarse.bonded_lengths)
        explored.adopt(model, len(store) * 3 // 4, file)
        while not explored.version:
            explored.advance()


# -- the measurement ----------------------------------------------------------------------------------------------


class Clock:
    """Wall and processor seconds of each step; both begin with the process."""

    def __init__(self) -> None:
        self._wall, self._cpu = process_age(), time.process_time()
        self._began = time.perf_counter() - self._wall
        print(f"{'process start and imports':32} {self._wall:6.2f} s wall {self._cpu:6.2f} s cpu")

    def step(self, name: str) -> None:
        wall, cpu = time.perf_counter() - self._began, time.process_time()
        print(f"{name:32} {wall - self._wall:6.2f} s wall {cpu - self._cpu:6.2f} s cpu")
        self._wall, self._cpu = wall, cpu

    def total(self, name: str) -> None:
        print(f"{name:32} {self._wall:6.2f} s wall {self._cpu:6.2f} s cpu")


def print_peak() -> None:
    # Not getrusage: its figure outlives exec, and would be that of the process that built the directory.
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    print(f"peak resident memory {peak / 2**10:.0f} MiB", flush=True)


def process_age() -> float:
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100


def resume(root: Path) -> None:
    """What `steer.launch` does, to the first tick that decides."""
    from steer.birth import give_birth
    from steer.campaign import CampaignDirectory
    from steer.campaign_server import campaign_server
    from steer.config import load_config
    from steer.connection import connect
    from steer.console import Silent
    from steer.coordinator import Coordinator
    from steer.decide import decide
    from steer.docket_fleet import DocketFleet
    from steer.framestore import FrameStore
    from steer.journal import Journal
    from steer.journalcopy import heal_journal
    from steer.redis_stream import RedisFrameStream

    clock = Clock()
    with ExitStack() as stack:
        directory = CampaignDirectory.open(root)
        config = load_config(directory.config)
        stack.enter_context(directory.lock())
        clock.step("campaign file")
        assert heal_journal(directory.journal) == ""
        clock.step("journal checked")
        journal = Journal(directory.journal)
        stack.callback(journal.close)
        coarse = give_birth(directory, config, journal, print)
        clock.step("journal, force field")
        server = stack.enter_context(campaign_server(directory, "large", None, None))
        stream = RedisFrameStream(connect(server.connection), "large")
        fleet = DocketFleet(server.connection.url, "large", directory=root)
        stack.callback(fleet.close)
        clock.step("Redis, queues")
        store = stack.enter_context(FrameStore(directory.frames, coarse.n_beads))
        clock.step("frame store")
        coordinator = Coordinator(directory, config, journal, store, stream, fleet, coarse, Silent())
        clock.step("coordinator")
        while not coordinator._map.version:
            coordinator.tick(wait=0.0)
        clock.step("map exact")
        clock.total("storing and queueing")
        free = 2 * OPEN
        counts = replace(coordinator.counts(), slots={"all": free, "cg": free, "refine": free, "train": free})
        state, _ = coordinator.state(counts)
        clock.step("latent points for a decision")
        actions = decide(config, state)
        clock.step(f"first decision, {len(actions)} actions")
        clock.total("back at work, decision included")
        coordinator._map.keep(at_once=True)
        clock.step("what is known kept, afterwards")
        decide(config, state)
        clock.step("the same decision once more")
        print(
            f"{len(store)} frames, {len(coordinator.ledger.simulations)} simulations, coverage {state.coverage}"
        )
    print_peak()


if __name__ == "__main__":
    main()
