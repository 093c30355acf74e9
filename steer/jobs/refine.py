"""One refinement: backmap a CG frame, judge it, simulate it with all atoms, and hand back beads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sims.allatom import AllAtomOptions
from sims.backmap.protocol import BackmapRequest
from sims.backmap.registry import make_backmapper, other_than
from sims.engines.allatom import AllAtomEngine
from sims.exceptions import BackmapError
from sims.martini.model import CoarseModel
from sims.platforms import choose_platform
from sims.refinement import Backmapped, backmap_with_retries
from sims.run import run_simulation
from sims.secondary import secondary_structure
from sims.structure import Structure
from steer.act import round_steps
from steer.exceptions import JobStopped
from steer.feedback.seeds import END_BEADS
from steer.messages import Job, RefineJob, RefineResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steer.jobs.context import JobContext

__all__ = ["END_ATOMS", "run"]

END_ATOMS = "end.pdb"
"""The last all-atom structure, in the job's folder."""


def run(job: Job, context: JobContext) -> RefineResult:
    """Backmap with retries and fallback; when the structure passes, simulate it and stream its frames."""
    if not isinstance(job, RefineJob):
        raise TypeError(f"expected a refinement, not {type(job).__name__}")
    began = time.monotonic()
    model = CoarseModel.load(context.directory.force_field(job.force_field))
    reference = Structure.read(context.directory.protein)
    reference = reference.with_positions(Structure.read(context.directory.root / job.reference).positions)
    try:
        made = _backmap(job, context, model, reference)
    except BackmapError as error:
        return _hopeless(job, str(error), time.monotonic() - began)
    context.stop_if_asked()
    if not made.accepted:
        return _result(job, made, seconds=time.monotonic() - began)
    return _simulate(job, context, model, reference, made, began)


def _hopeless(job: RefineJob, reason: str, seconds: float) -> RefineResult:
    """No structure at all could be made: a rejection, since it says something about the frame, not about the job."""
    return RefineResult(
        simulation=job.simulation,
        accepted=False,
        reasons=[reason],
        report={},
        backmapper="",
        attempts=0,
        steps=0,
        frames=0,
        seconds=seconds,
        platform="",
        secondary_structure="",
        end_state="",
    )


def _backmap(job: RefineJob, context: JobContext, model: CoarseModel, reference: Structure) -> Backmapped:
    first = context.config.refinement.backmapper
    request = BackmapRequest(
        beads=model.read_pdb(context.directory.root / job.target).astype("float32"),
        structure=reference,
        mapping=model.mapping,
        seed=job.random_seed,
    )
    kept = context.folder / "backmapped"
    context.progress("backmapping", 0.0, 0)
    return backmap_with_retries(
        request,
        first=make_backmapper(first, kept),
        fallback=make_backmapper(other_than(first), kept),
        attempts=context.config.refinement.attempts,
        directory=kept,
        progress=lambda phase, fraction: context.progress(phase, fraction, 0),
    )


def _simulate(
    job: RefineJob,
    context: JobContext,
    model: CoarseModel,
    reference: Structure,
    made: Backmapped,
    began: float,
) -> RefineResult:
    settings, refinement = context.config.allatom, context.config.refinement
    options = AllAtomOptions(**settings.model_dump())
    platform = choose_platform(context.config.workers.platform)
    engine = AllAtomEngine(reference, model.mapping, options, platform)
    summary = run_simulation(
        engine,
        context.folder,
        start=made.positions,
        seed=job.random_seed,
        steps=job.steps,
        segment=round_steps(refinement.segment, settings.timestep),
        every=round_steps(refinement.frame_interval, settings.timestep),
        on_frame=lambda frame: context.publish([frame]),
        progress=lambda phase, fraction: context.progress(phase, fraction, round(fraction * job.steps)),
        should_stop=context.should_stop,
    )
    if not summary.completed:
        raise JobStopped(f"{job.simulation} was asked to stop at step {summary.steps}; its state is saved.")
    end = reference.with_positions(engine.solute())
    _write_end(context, model, end)
    return _result(
        job,
        made,
        steps=summary.steps,
        frames=summary.frames,
        seconds=time.monotonic() - began,
        platform=engine.platform,
        structure=end,
        end_state=(context.folder / END_ATOMS).relative_to(context.directory.root).as_posix(),
    )


def _write_end(context: JobContext, model: CoarseModel, end: Structure) -> None:
    beads: NDArray[np.floating] = model.mapping.apply(end.positions[None])[0]
    model.write_pdb(context.folder / END_BEADS, beads)
    end.write(context.folder / END_ATOMS)


def _result(
    job: RefineJob,
    made: Backmapped,
    *,
    seconds: float,
    steps: int = 0,
    frames: int = 0,
    platform: str = "",
    structure: Structure | None = None,
    end_state: str = "",
) -> RefineResult:
    return RefineResult(
        simulation=job.simulation,
        accepted=made.accepted,
        reasons=list(made.reasons),
        report=made.report.to_dict(),
        backmapper=made.backmapper,
        attempts=made.attempts,
        steps=steps,
        frames=frames,
        seconds=seconds,
        platform=platform,
        secondary_structure=secondary_structure(structure.topology, structure.positions) if structure else "",
        end_state=end_state,
    )
