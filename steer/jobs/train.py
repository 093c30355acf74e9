"""Training of one version of the latent model, on the frames stored when it was decided."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from models.registry import load_model, make_trainer
from sims.martini.model import CoarseModel
from steer.framereader import FrameReader
from steer.messages import Job, TrainJob, TrainResult

if TYPE_CHECKING:
    from models.protocols import Featurizer
    from steer.jobs.context import JobContext

__all__ = ["run"]


def run(job: Job, context: JobContext) -> TrainResult:
    """Train, save under ``models/<version>``, and report the statistics."""
    if not isinstance(job, TrainJob):
        raise TypeError(f"expected a training job, not {type(job).__name__}")
    began = time.monotonic()
    target = context.directory.model(job.version)
    if not target.exists():
        _train(job, context)
    return TrainResult(
        version=job.version, statistics=load_model(target).statistics(), seconds=time.monotonic() - began
    )


def _train(job: TrainJob, context: JobContext) -> None:
    coarse = CoarseModel.load(context.directory.force_field(1))
    previous = load_model(context.directory.model(job.previous)) if job.previous else None
    trainer = make_trainer(
        context.config.latent.model,
        previous.featurizer if previous else _featurizer(coarse),
        n_latents=context.config.latent.dimensions,
        epochs=context.config.latent.epochs,
        device="auto",
    )

    def tell(epoch: int, epochs: int, loss: float) -> None:
        context.stop_if_asked()
        context.progress(f"training model {job.version}", epoch / epochs, epoch)

    store = FrameReader(context.directory.frames)
    rows = np.unique(
        np.linspace(0, job.frames - 1, min(job.frames, context.config.latent.max_frames)).astype(np.int64)
    )
    model = trainer.fit(
        store.positions(rows), version=job.version, seed=job.random_seed, previous=previous, progress=tell
    )
    model.save(context.directory.model(job.version))


def _featurizer(coarse: CoarseModel) -> Featurizer:
    from models.features import BeadFeatures

    names = coarse.bead_names
    by_chain: dict[str, list[int]] = {}
    for bead in coarse.backbone.tolist():
        by_chain.setdefault(coarse.chains[bead], []).append(bead)
    side_chains = [bead for bead, name in enumerate(names) if name.startswith("SC")]
    return BeadFeatures.for_molecule(coarse.n_beads, list(by_chain.values()), side_chains)
