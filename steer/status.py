"""What a campaign is doing, in numbers and one sentence. Written by the coordinator, read by anybody."""

from __future__ import annotations

from typing import Any

import msgspec

from steer.messages import KINDS

__all__ = ["GenerationCount", "Status", "why_idle"]


class GenerationCount(msgspec.Struct, frozen=True):
    """CG simulations of one generation."""

    generation: int
    open: int
    done: int
    failed: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of a campaign.

    Attributes
    ----------
    phase : str
        ``running``, ``stopped`` or ``finished``.
    cg_time : float
        ps of CG simulation stored as frames.
    aa_time : float
        ps of all-atom simulation stored as frames.
    frames, frames_aa : int
        Frames stored, and how many of them are all-atom.
    coverage : int
        Occupied cells of the latent space.
    model : int
        Latent model version in use; 0 for none.
    refinements : dict
        Refinements open, accepted, rejected, failed.
    rejected_reasons : dict of str to int
        How often each reason was given.
    open : dict
        Jobs queued or running, by kind.
    running : list
        Progress of the running jobs, as JSON types.
    workers : list
        Attached workers, as JSON types.
    rates : dict
        Frames a second, ns a day, in the last minute.
    waiting : str
        One sentence on what the campaign waits for; empty when jobs run.
    backlog : int
        Frame messages in the stream.
    updated : float
        Unix time.
    """

    campaign: str
    phase: str
    reason: str
    round: int
    frames: int
    frames_aa: int
    duplicates: int
    set_aside: int
    backlog: int
    cg_time: float
    aa_time: float
    coverage: int
    model: int
    models: int
    training: bool
    min_frames: int
    drift: float
    generations: list[GenerationCount]
    seeds: dict[str, int]
    from_refined: int
    promotions: int
    refinements: dict[str, int]
    rejected_reasons: dict[str, int]
    open: dict[str, int]
    failed: list[str]
    running: list[dict[str, Any]]
    workers: list[dict[str, Any]]
    slots: dict[str, int]
    rates: dict[str, float]
    waiting: str
    updated: float


def why_idle(
    *,
    phase: str,
    reason: str,
    running: int,
    open: dict[str, int],
    slots: dict[str, int],
    frames: int,
    min_frames: int,
    model: int,
) -> str:
    """One sentence on what the campaign waits for; empty when something runs.

    Parameters
    ----------
    running : int
        Jobs that report progress now.
    open : dict of str to int
        Jobs queued or running, by kind.
    slots : dict of str to int
        Attached slots by kind, the total under ``"all"``.
    """
    if phase != "running":
        return f"The campaign is {phase}: {reason}." if reason else f"The campaign is {phase}."
    if slots["all"] == 0:
        return "No worker is attached; start one with 'steer worker'."
    unserved = [kind for kind, count in open.items() if count and not slots.get(kind, 0)]
    if unserved:
        waiting = ", ".join(f"{open[kind]} {kind}" for kind in unserved)
        return f"No attached worker accepts these queued jobs: {waiting}; attach one with --kinds {','.join(unserved)}."
    if running:
        return ""
    refused = [kind for kind in KINDS if not slots.get(kind, 0)]
    if refused:
        return (
            f"No attached worker accepts jobs of kind {', '.join(refused)}; attach one with 'steer worker'."
        )
    if open.get("train"):
        return f"Training of latent model {model + 1} is queued."
    if any(open.values()):
        return "Jobs are queued and workers are starting on them."
    if model == 0:
        return f"Waiting for the first model: {frames} of {min_frames} frames."
    return "Everything the goals leave room for is done or running; waiting for the last results."
