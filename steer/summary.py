"""From the coordinator's state to a `Status`."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import msgspec

from steer.decide import BACKLOG, too_few_followed
from steer.idle import Situation, refused_workers, why_idle
from steer.messages import JobProgress, Refusal, WorkerInfo
from steer.status import GenerationCount, Status

if TYPE_CHECKING:
    from steer.config import CampaignConfig
    from steer.decide import State
    from steer.ingest import IngestCounts
    from steer.ledger import Ledger
    from steer.losses import Loss

__all__ = ["summarise"]


def summarise(
    *,
    phase: str,
    reason: str,
    state: State,
    config: CampaignConfig,
    ledger: Ledger,
    aa_frames: int,
    counts: IngestCounts,
    backlog: int,
    progress: Collection[JobProgress],
    workers: Sequence[WorkerInfo],
    refusals: Sequence[Refusal],
    free_space: int,
    history: Sequence[tuple[float, int, float]],
    missing: Sequence[Loss] = (),
) -> Status:
    """Put the snapshot together.

    Parameters
    ----------
    free_space : int
        Bytes free on the disk of the campaign directory.
    history : sequence of (float, int, float)
        Monotonic time in s, frames stored and CG time in ps, oldest first: for the rates.
    missing : sequence of Loss
        Stored frames that were found damaged and did not come again.
    """
    refinements = ledger.refinements()
    return Status(
        campaign=config.campaign.name,
        phase=phase,
        reason=reason,
        round=state.round,
        frames=state.frames,
        frames_aa=aa_frames,
        duplicates=counts.duplicates,
        set_aside=counts.set_aside,
        backlog=backlog,
        cg_time=state.cg_time,
        aa_time=aa_frames * config.refinement.frame_interval,
        coverage=int(state.coverage),
        model=state.model,
        models=sum(model.state == "done" for model in ledger.models.values()),
        training=bool(state.open["train"]),
        min_frames=config.latent.min_frames,
        drift=state.drift,
        generations=_generations(ledger),
        seeds=dict(ledger.seed_origins),
        from_refined=ledger.from_refined,
        promotions=len(ledger.promotions),
        refinements=refinements,
        rejected_reasons=dict(ledger.rejected_reasons),
        open=state.open,
        failed=ledger.failed,
        running=[msgspec.to_builtins(job) for job in progress],
        workers=[msgspec.to_builtins(worker) for worker in workers],
        slots=state.slots,
        rates=_rates(history),
        waiting=why_idle(
            Situation(
                phase=phase,
                reason=reason,
                running=len(progress),
                open=state.open,
                slots=state.slots,
                frames=state.frames,
                min_frames=config.latent.min_frames,
                too_few_followed=too_few_followed(config, state),
                model=state.model,
                room=math.ceil(BACKLOG * state.slots["all"]),
                backlog=backlog,
                free_space=free_space,
                refusals=refusals,
            )
        ),
        refused=refused_workers(refusals),
        missing=[str(loss) for loss in missing],
        updated=time.time(),
    )


def _generations(ledger: Ledger) -> list[GenerationCount]:
    return [
        GenerationCount(generation, states["open"], states["done"], states["failed"])
        for generation, states in sorted(ledger.generations.items())
    ]


def _rates(history: Sequence[tuple[float, int, float]]) -> dict[str, float]:
    if len(history) < 2:
        return {"frames_per_second": 0.0, "ns_per_day": 0.0}
    (t0, f0, c0), (t1, f1, c1) = history[0], history[-1]
    seconds = max(t1 - t0, 1e-9)
    return {"frames_per_second": (f1 - f0) / seconds, "ns_per_day": (c1 - c0) * 1e-3 / seconds * 86_400}
