"""One coarse-grained simulation from one seed, to its planned length, or until it has been asked to finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sims.engines.coarse import CoarseOptions, MartiniEngine
from sims.landscapes import make_landscape
from sims.landscapes.beads import WalkerBeads
from sims.landscapes.engine import ToyEngine, ToyOptions
from sims.martini.model import CoarseModel
from sims.platforms import choose_platform
from sims.run import run_simulation
from steer.act import round_steps
from steer.exceptions import JobStopped
from steer.jobs.finish import FinishRequest
from steer.messages import CgJob, CgResult, Job

if TYPE_CHECKING:
    from sims.engines.protocol import Engine, EngineFrame
    from steer.beads import BeadMolecule
    from steer.jobs.context import JobContext

__all__ = ["run"]


def run(job: Job, context: JobContext) -> CgResult:
    """Simulate in resumable segments, publishing frames as they come."""
    if not isinstance(job, CgJob):
        raise TypeError(f"expected a CG job, not {type(job).__name__}")
    settings = context.config.coarse
    engine, beads = _prepared(job, context)
    finish, published = FinishRequest(context.folder), 0
    every = round_steps(settings.frame_interval, settings.timestep)

    def publish(frame: EngineFrame) -> None:
        nonlocal published
        context.publish([frame])
        published += 1

    summary = run_simulation(
        engine,
        context.folder,
        start=beads.read_pdb(context.directory.root / job.start),
        seed=job.random_seed,
        steps=job.steps,
        segment=round_steps(settings.segment, settings.timestep),
        every=every,
        on_frame=publish,
        progress=lambda phase, fraction: context.progress(phase, fraction, round(fraction * job.steps)),
        should_stop=lambda: context.should_stop() or (published > 0 and finish.look()),
    )
    enough = summary.completed or (finish.asked and not context.should_stop())
    if not enough or summary.state is None:
        raise JobStopped(f"{job.simulation} was asked to stop at step {summary.steps}; its state is saved.")
    return CgResult(
        simulation=job.simulation,
        steps=summary.steps if summary.completed else summary.frames * every,
        frames=summary.frames,
        seconds=summary.seconds,
        steps_per_second=summary.steps_per_second,
        platform=engine.platform,
        end_state=summary.state.relative_to(context.directory.root).as_posix(),
    )


def _prepared(job: CgJob, context: JobContext) -> tuple[Engine, BeadMolecule]:
    """The engine of this campaign's molecule, and how its bead structures are read."""
    settings, platform = context.config.coarse, context.config.workers.platform
    if context.config.molecule.landscape is not None:
        landscape = make_landscape(context.config.molecule.landscape)
        toy = ToyOptions(temperature=settings.temperature, timestep=settings.timestep)
        return ToyEngine(landscape, toy), WalkerBeads(landscape)
    model = CoarseModel.load(context.directory.force_field(job.force_field))
    options = CoarseOptions(
        temperature=settings.temperature,
        padding=settings.padding,
        salt=settings.salt,
        timestep=settings.timestep,
        nonbonded=settings.nonbonded,
    )
    return MartiniEngine(model, options, choose_platform(platform)), model
