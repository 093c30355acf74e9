"""Training of one version of the latent model, on the frames stored when it was decided."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from models.registry import load_model, make_trainer
from steer.framereader import FrameReader
from steer.messages import Job, TrainJob, TrainResult
from steer.molecule import load_beads
from steer.training_frames import frames_to_learn_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.protocols import Featurizer
    from sims.martini.beadpdb import BeadLabel
    from steer.jobs.context import JobContext

__all__ = ["featurizer", "run"]


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
    beads = load_beads(context.config.molecule, context.directory, 1)
    previous = load_model(context.directory.model(job.previous)) if job.previous else None
    trainer = make_trainer(
        context.config.latent.model,
        previous.featurizer if previous else featurizer(beads.labels),
        n_latents=context.config.latent.dimensions,
        epochs=context.config.latent.epochs,
        device="auto",
        scaling=context.config.latent.scaling,
    )

    def tell(epoch: int, epochs: int, loss: float) -> None:
        context.stop_if_asked()
        context.progress(f"training model {job.version}", epoch / epochs, epoch)

    store = FrameReader(context.directory.frames)
    rows, following = frames_to_learn_from(
        store, job.frames, context.config.latent.max_frames, lagged=trainer.lagged
    )
    model = trainer.fit(
        store.positions(rows),
        version=job.version,
        seed=job.random_seed,
        previous=previous,
        following=following,
        progress=tell,
    )
    model.save(context.directory.model(job.version))


def featurizer(labels: Sequence[BeadLabel]) -> Featurizer:
    """What a model sees of a protein: its backbone and side chains; of a landscape its walkers' distances to the anchors.

    Parameters
    ----------
    labels : sequence of BeadLabel
        Of all beads of a frame, in their order.

    Raises
    ------
    FeatureError
        When no two backbone beads are far enough apart to be followed.
    """
    from models.features import BeadFeatures
    from sims.landscapes import followed_pairs

    by_chain: dict[str, list[int]] = {}
    for bead, label in enumerate(labels):
        if label.name == "BB":
            by_chain.setdefault(label.chain, []).append(bead)
    if not by_chain:
        return BeadFeatures(len(labels), followed_pairs(len(labels)), np.empty((0, 4), np.int64))
    side_chains = [bead for bead, label in enumerate(labels) if label.name.startswith("SC")]
    return BeadFeatures.for_molecule(len(labels), list(by_chain.values()), side_chains)
