"""Same seed, same decisions: the real coordinator, journal, training and seeds; random walks stand in for dynamics."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from sims.martini.model import CoarseModel
from steer.birth import give_birth
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.console import Silent
from steer.coordinator import Coordinator
from steer.exceptions import JobError, JobStopped
from steer.feedback.seeds import END_BEADS
from steer.frames import Frame, encode
from steer.framestore import FrameStore
from steer.inline_fleet import InlineFleet
from steer.jobs.context import JobContext
from steer.jobs.registry import job_folder
from steer.jobs.train import run as train
from steer.journal import Journal
from steer.memory_stream import MemoryBroker, MemoryFrameStream
from steer.messages import CgJob, CgResult, Job, JobResult, RefineJob, RefineResult
from steer.status_report import current_status, describe

EXAMPLE = Path(__file__).parents[3] / "examples" / "trp-cage" / "trpcage.pdb"

CAMPAIGN = """
[campaign]
name = "walks"
seed = {seed}
[molecule]
structure = "trpcage.pdb"
[coarse]
length = "100 ns"
segment = "100 ns"
frame_interval = "1 ns"
[latent]
model = "pca"
dimensions = 2
min_frames = 250
[seeding]
initial = 3
control_share = 0.2
[stop]
require = "all"
aggregate_time = "1 us"
refinements = 3
"""


class Listener(Silent):
    """Keeps what the coordinator says."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def event(self, text: str) -> None:
        self.told.append(text)


class Walks:
    """One campaign whose simulations are random walks, with a coordinator that can be thrown away and made anew."""

    slots = 2

    def __init__(self, folder: Path, seed: int, campaign: str = CAMPAIGN) -> None:
        folder.mkdir()
        (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
        (folder / "campaign.toml").write_text(campaign.format(seed=seed))
        config = load_config(folder / "campaign.toml")
        self.directory = CampaignDirectory.create(folder / "walks", config)
        self.config = load_config(self.directory.config)
        self.broker = MemoryBroker()
        self.listener = Listener()
        self.interruptions = 0
        journal = Journal(self.directory.journal)
        self.coarse = give_birth(self.directory, self.config, journal, lambda text: None)
        journal.close()

    def run(self, ticks: int | None = None) -> str:
        """Tick until the end, or so often; as after a crash, nothing of the coordinator is kept but what is on disk."""
        journal = Journal(self.directory.journal)
        stream = MemoryFrameStream(self.broker)
        fleet = InlineFleet(lambda job: self.execute(job, stream), slots=self.slots)
        with FrameStore(self.directory.frames, self.coarse.n_beads) as store:
            coordinator = Coordinator(
                self.directory, self.config, journal, store, stream, fleet, self.coarse, self.listener
            )
            done = 0
            while coordinator.phase == "running" and (ticks is None or done < ticks):
                coordinator.tick(0.0)
                done += 1
            if coordinator.phase != "running":
                # As at every end: what is left is taken in, and the last status written.
                coordinator.run(lambda: None)
        journal.close()
        return coordinator.phase

    def execute(self, job: Job, stream: MemoryFrameStream) -> JobResult:
        if self.interruptions:
            self.interruptions -= 1
            raise JobStopped("the walltime is near")
        if isinstance(job, CgJob):
            return self._walk(job, stream)
        if isinstance(job, RefineJob):
            return self._refine(job)
        folder = job_folder(self.directory, job)
        folder.mkdir(parents=True, exist_ok=True)
        context = JobContext(
            self.directory, self.config, folder, lambda frames: None, lambda *progress: None, lambda: False
        )
        return train(job, context)

    def _walk(self, job: CgJob, stream: MemoryFrameStream) -> CgResult:
        rng = np.random.default_rng(job.random_seed)
        positions = self.coarse.read_pdb(self.directory.root / job.start)
        frames = []
        for i in range(1, 101):
            positions = positions + rng.normal(scale=0.003, size=positions.shape)
            box = np.zeros(3, np.float32)
            frames.append(
                Frame(
                    "walks",
                    job.simulation,
                    "cg",
                    50_000 * i,
                    1000.0 * i,
                    box,
                    1,
                    0.0,
                    positions.astype(np.float32),
                )
            )
        stream.publish([encode(frame) for frame in frames])
        return CgResult(
            simulation=job.simulation,
            steps=job.steps,
            frames=100,
            seconds=1.0,
            steps_per_second=1.0,
            platform="walk",
            end_state=f"cg/{job.simulation}/end",
        )

    def _refine(self, job: RefineJob) -> RefineResult:
        folder = self.directory.simulation(job.simulation)
        beads = self.coarse.read_pdb(self.directory.root / job.target)
        shift = np.random.default_rng(job.random_seed).normal(scale=0.01, size=beads.shape)
        self.coarse.write_pdb(folder / END_BEADS, beads + shift)
        return RefineResult(
            simulation=job.simulation,
            accepted=job.simulation != "aa-000002",
            reasons=[] if job.simulation != "aa-000002" else ["made to fail"],
            report={},
            backmapper="walk",
            attempts=1,
            steps=10,
            frames=0,
            seconds=1.0,
            platform="walk",
            secondary_structure="",
            end_state=f"aa/{job.simulation}/end.pdb",
        )

    def decisions(self) -> list[tuple[int, str, str, str]]:
        journal = Journal(self.directory.journal, read_only=True)
        try:
            return journal.decisions()
        finally:
            journal.close()

    def frames(self) -> int:
        with FrameStore(self.directory.frames, self.coarse.n_beads) as store:
            return len(store)


class WalksSideBySide(Walks):
    """All simulations run at once: none gives its second frame before every one has given its first."""

    slots = 80

    def __init__(self, folder: Path, seed: int, campaign: str) -> None:
        super().__init__(folder, seed, campaign)
        self.waiting: dict[str, list[bytes]] = {}

    def _walk(self, job: CgJob, stream: MemoryFrameStream) -> CgResult:
        if job.key not in self.waiting:
            aside = MemoryFrameStream(MemoryBroker())
            super()._walk(job, aside)
            self.waiting[job.key] = [message for _, message in aside.read(100, 0.0)]
        stream.publish([self.waiting[job.key].pop(0)])
        raise JobStopped("there is more to come")


class LossyWalks(Walks):
    """Redis and the disk lose five frames of one simulation."""

    def _walk(self, job: CgJob, stream: MemoryFrameStream) -> CgResult:
        lossy = MemoryFrameStream(MemoryBroker()) if job.simulation == "cg-000002" else stream
        result = super()._walk(job, lossy)
        if lossy is not stream:
            stream.publish([message for _, message in lossy.read(95, 0.0)])
        return result


class FailingWalks(Walks):
    """One simulation is given up."""

    def execute(self, job: Job, stream: MemoryFrameStream) -> JobResult:
        if job.key == "cg:cg-000002":
            raise JobError("Its process died 3 times on node1, node2, node3.")
        return super().execute(job, stream)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Walks:
    walks = Walks(tmp_path_factory.mktemp("a") / "run", seed=5)
    assert walks.run() == "finished"
    return walks


def test_the_campaign_reaches_its_goals(undisturbed):
    assert undisturbed.frames() == 1000
    actions = [action for _, action, _, _ in undisturbed.decisions()]
    assert actions.count("Train") >= 2
    assert actions.count("Refine") == 4, "three accepted and one rejected"
    assert CoarseModel.load(undisturbed.directory.force_field(1)).n_beads == undisturbed.coarse.n_beads


def test_the_same_seed_gives_the_same_decisions(undisturbed, tmp_path):
    again = Walks(tmp_path / "run", seed=5)
    time.sleep(0.3)
    again.run()
    assert again.decisions() == undisturbed.decisions()


def test_another_seed_gives_other_decisions(undisturbed, tmp_path):
    other = Walks(tmp_path / "run", seed=6)
    other.run()
    assert other.decisions() != undisturbed.decisions()


@pytest.mark.parametrize("ticks", [1, 3, 7])
def test_a_coordinator_that_is_made_anew_again_and_again_loses_nothing(undisturbed, tmp_path, ticks):
    walks = Walks(tmp_path / "run", seed=5)
    for _ in range(300):
        if walks.run(ticks) == "finished":
            break
    assert walks.frames() == 1000
    actions = [action for _, action, _, _ in walks.decisions()]
    assert actions.count("Refine") == 4
    subjects = [subject for _, action, subject, _ in walks.decisions() if action == "Refine"]
    assert len(set(subjects)) == len(subjects)


def test_where_all_frames_are_the_first_of_their_simulation_the_first_model_waits_for_the_second(tmp_path):
    """Sixty simulations at once, of which fifty frames would be enough for a model."""
    campaign = CAMPAIGN.replace("min_frames = 250", "min_frames = 50").replace("initial = 3", "initial = 60")
    assert campaign.count("60") == 1
    walks = WalksSideBySide(tmp_path / "run", 5, campaign.replace('"1 us"', '"10 us"'))
    walks.run(ticks=3)
    assert walks.frames() == 60
    assert "Train" not in [action for _, action, _, _ in walks.decisions()]
    walks.run(ticks=3)
    assert walks.frames() > 60
    assert "Train" in [action for _, action, _, _ in walks.decisions()]
    walks.run(ticks=3)
    assert "model 1" in " ".join(walks.listener.told)
    assert not [told for told in walks.listener.told if "failed" in told]


def test_frames_that_are_lost_for_good_are_made_up_for_by_one_more_simulation(tmp_path):
    walks = LossyWalks(tmp_path / "run", seed=5)
    assert walks.run() == "finished"
    assert walks.frames() == 1095


def test_a_job_that_a_worker_gives_back_is_told_and_done_in_the_end(tmp_path):
    walks = Walks(tmp_path / "interrupted", seed=1)
    walks.interruptions = 1
    walks.run(ticks=3)
    assert (
        walks.listener.told.count("cg:cg-000001 is queued again, given back by inline: the walltime is near")
        == 1
    )
    assert "cg-000001 done" in walks.listener.told


def test_start_structures_that_a_power_cut_took_are_written_again(tmp_path):
    walks = Walks(tmp_path / "run", seed=5)
    taken = {}
    while not taken:
        assert walks.run(1) == "running", "no simulation ever started from a frame"
        journal = Journal(walks.directory.journal, read_only=True)
        starts = [
            job.start if isinstance(job, CgJob) else job.target
            for job in journal.unfinished()
            if job.key[0] in "cr"
        ]
        frames = {seed.file for seed in journal.seeds() if seed.frame_row is not None}
        journal.close()
        paths = [walks.directory.root / start for start in starts if start in frames or "target" in start]
        taken = {path: path.read_bytes() for path in paths}
    for number, (path, content) in enumerate(taken.items()):
        path.unlink() if number % 2 else path.write_bytes(content[:100])
    walks.run(0)
    assert {path: path.read_bytes() for path in taken} == taken


def test_a_job_that_was_given_up_is_reported_and_the_campaign_goes_on(tmp_path):
    walks = FailingWalks(tmp_path / "run", seed=5)
    assert walks.run() == "finished"
    assert any("cg-000002" in told and "died 3 times on node1" in told for told in walks.listener.told)
    status = current_status(walks.directory)
    assert status.failed == ["cg:cg-000002"]
    assert "cg:cg-000002" in describe(status)
    assert walks.frames() == 1000
