"""What a campaign is doing, in numbers and one sentence. Written by the coordinator, read by anybody."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["GenerationCount", "Status"]


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
        What the campaign waits for, in a sentence (`steer.idle`); empty when it only waits for what runs.
    refused : list of str
        Workers that were not let in lately, and why: a line for each reason.
    backlog : int
        Frame messages in the stream.
    updated : float
        Unix time.
    missing : list of str
        Stored frames that were found damaged and could not be had from elsewhere, by simulation.
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
    missing: list[str] = []
    refused: list[str] = []
