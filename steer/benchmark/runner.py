"""One run: an arm on a problem with a seed, driven by the real coordinator."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.registry import load_model, make_trainer
from steer.benchmark.arms import Arm
from steer.benchmark.clock import ClockedFleet, Walk
from steer.benchmark.problems import Problem
from steer.benchmark.scratch import ScratchBeads, ScratchStore
from steer.benchmark.trace import Recorder, Trace
from steer.campaign import CampaignDirectory
from steer.config import CampaignConfig
from steer.console import Silent
from steer.coordinator import Coordinator
from steer.framestore import FrameStore
from steer.jobs.finish import finish_requested
from steer.journal import Journal, Seed
from steer.memory_stream import MemoryFrameStream
from steer.messages import CgJob, TrainJob, TrainResult, simulation_number
from steer.training_frames import frames_to_learn_from

__all__ = ["run_arm"]

FIRST_SEED = "seeds/seed-000001.pdb"
MIN_FRAMES = 50
EPOCHS = 20
"""Of an autoencoder, at most: a campaign's hundred take ten times as long as all else, for a few thousand frames."""


def run_arm(arm: Arm, problem: Problem, seed: int) -> tuple[Trace, float]:
    """Spend the problem's aggregate steps as the arm says.

    Returns
    -------
    Trace
        Where the walkers have been.
    float
        CPU seconds of steering: everything but the dynamics.
    """
    with tempfile.TemporaryDirectory(prefix="steer-benchmark-") as folder:
        return _Run(arm, problem, seed, Path(folder) / "run").go()


class _Run:
    """A campaign in a folder of its own."""

    def __init__(self, arm: Arm, problem: Problem, seed: int, root: Path) -> None:
        self._arm, self._problem = arm, problem
        self._config = campaign_of(arm, problem, seed)
        self._directory = CampaignDirectory.create(root, self._config)
        walkers = 1 if arm.schedule == "one" else problem.walkers
        self._walkers = problem.system.walkers(walkers, seed)
        self._recorder = Recorder()
        self._copies = walkers
        self._beads = ScratchBeads(problem.system.beads)
        self._store = ScratchStore(self._beads.n_beads)
        self._beads.write_pdb(self._directory.root / FIRST_SEED, self._beads.positions)
        self._dynamics = 0.0

    def go(self) -> tuple[Trace, float]:
        """Run the campaign to its last step: what its walkers saw, and processor seconds of steering."""
        journal = Journal(self._directory.journal, durable=False)
        with journal.transaction():
            journal.add_force_field(1, self._problem.system.definition)
            journal.add_seed(Seed(1, "input", 0, FIRST_SEED))
        fleet = ClockedFleet(self._simulate, self._asked, self._train, self._copies, self._beat)
        began = time.process_time()
        coordinator = Coordinator(
            self._directory,
            self._config,
            journal,
            cast(FrameStore, self._store),
            MemoryFrameStream(),
            fleet,
            self._beads,
            Silent(),
        )
        while coordinator.phase == "running":
            coordinator.tick(0.0)
        journal.close()
        return self._recorder.trace(), time.process_time() - began - self._dynamics

    @property
    def _beat(self) -> int:
        """Steps between two decisions: a frame's where simulations may be ended early, otherwise a whole segment's."""
        if self._arm.patience:
            return self._problem.every
        return round(self._config.coarse.length / self._problem.system.timestep)

    def _asked(self, job: CgJob) -> bool:
        return finish_requested(self._directory.simulation(job.simulation))

    def _simulate(self, walks: list[Walk], spent: int) -> None:
        every = self._problem.every
        starts = {walk.walker: None if walk.done else self._start(walk.job) for walk in walks}
        began = time.process_time()
        traces, frames = self._walkers.walk(starts, self._beat, every)
        self._dynamics += time.process_time() - began
        steps = every * np.arange(1, traces.shape[1] + 1)
        for walk, points, beads in zip(walks, traces, frames, strict=True):
            id = walk.job.simulation
            self._recorder.add(simulation_number(id) - 1, spent, len(walks), steps, points)
            self._store.add(id, walk.done + steps, self._problem.system.timestep, beads)
            walk.frames += len(steps)

    def _start(self, job: CgJob) -> NDArray[np.float64]:
        return self._beads.read_pdb(self._directory.root / job.start)

    def _train(self, job: TrainJob) -> TrainResult:
        previous = load_model(self._directory.model(job.previous)) if job.previous else None
        trainer = make_trainer(
            self._arm.latent,
            self._problem.system.features,
            n_latents=self._problem.latents,
            epochs=self._config.latent.epochs,
            device="cpu",
            scaling=self._config.latent.scaling,
        )
        rows, following = frames_to_learn_from(
            self._store, job.frames, self._config.latent.max_frames, lagged=trainer.lagged
        )
        model = trainer.fit(
            self._store.positions(rows),
            version=job.version,
            seed=job.random_seed,
            previous=previous,
            following=following,
        )
        model.save(self._directory.model(job.version))
        return TrainResult(version=job.version, statistics=model.statistics(), seconds=0.0)


def campaign_of(arm: Arm, problem: Problem, seed: int) -> CampaignConfig:
    """The campaign file that this arm would have."""
    timestep = problem.system.timestep
    steps = problem.steps_of(arm)
    lengths = {"one": steps, "plain": steps // problem.walkers, "steered": problem.segment}
    length = lengths[arm.schedule]
    never = 2**31
    return CampaignConfig.model_validate(
        {
            "campaign": {"name": "benchmark", "seed": seed},
            "molecule": {"sequence": "A"},
            "coarse": {
                "timestep": f"{timestep!r} ps",
                "length": f"{length * timestep!r} ps",
                "segment": f"{length * timestep!r} ps",
                "frame_interval": f"{problem.every * timestep!r} ps",
                **({"patience": f"{arm.patience * problem.every * timestep!r} ps"} if arm.patience else {}),
            },
            "latent": {
                "model": arm.latent,
                "dimensions": problem.latents,
                "scaling": arm.scaling,
                "epochs": EPOCHS,
                "min_frames": MIN_FRAMES if arm.schedule == "steered" else never,
                "max_frames": never,
            },
            "selection": {"selector": arm.selector, "random_share": 0.0},
            "seeding": {"initial": 1 if arm.schedule == "one" else problem.walkers, "control_share": 0.0},
            "stop": {"aggregate_time": f"{steps * timestep!r} ps"},
        }
    )
