"""Why nothing, or not everything, runs: one sentence, in the words of a person who could do something about it.

The first of `REASONS` that has something to say is the answer. Each is a function of a `Situation` and returns a
sentence, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from steer.messages import KINDS, Refusal

__all__ = ["FULL", "Situation", "disk_full", "refused_workers", "why_idle"]

FULL = 500 * 2**20
"""Bytes free on the campaign's disk below which it counts as full: trajectories and states need room."""

BEHIND = 50_000
"""Frame messages in the stream from which the coordinator is behind."""

_NAMED = 3
_ATTACH = "attach one with 'steer worker'"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What an explanation may depend on.

    Attributes
    ----------
    phase, reason : str
        Of the campaign: ``running``, ``stopped`` or ``finished``, and why.
    running : int
        Jobs that report progress now.
    open : mapping of str to int
        Jobs queued or running, by kind.
    slots : mapping of str to int
        Attached slots by kind, the total under ``"all"``.
    frames, min_frames : int
        Frames stored, and how many the first model needs.
    too_few_followed : bool
        Whether the first model waits for frames that follow those stored.
    model : int
        Latent model version in use; 0 for none.
    room : int
        Open CG simulations and refinements that are enough: the backlog is full then.
    backlog : int
        Frame messages in the stream.
    free_space : int
        Bytes free on the disk of the campaign directory.
    refusals : sequence of Refusal
        Workers that were not let in.
    """

    phase: str
    reason: str = ""
    running: int
    open: Mapping[str, int]
    slots: Mapping[str, int]
    frames: int
    min_frames: int
    model: int
    room: int
    too_few_followed: bool = False
    backlog: int = 0
    free_space: int = 2**40
    refusals: Sequence[Refusal] = field(default_factory=tuple)


def why_idle(situation: Situation) -> str:
    """One sentence, or few, on what the campaign waits for; empty when it only waits for what runs."""
    return next((text for reason in REASONS if (text := reason(situation))), "")


def disk_full(free_space: int) -> str:
    """What to say of so many bytes free on the campaign's disk; nothing when there is room."""
    if free_space >= FULL:
        return ""
    return (
        f"The disk of the campaign directory is full ({free_space // 2**20} MB free); make room, or what is simulated "
        "cannot be kept."
    )


def refused_workers(refusals: Sequence[Refusal]) -> list[str]:
    """One line for each reason: which workers, and why."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for refusal in refusals:
        by_reason[refusal.reason].append(refusal.name)
    return [f"{_some(names)}: {reason}" for reason, names in by_reason.items()]


def _over(now: Situation) -> str:
    if now.phase == "running":
        return ""
    return f"The campaign is {now.phase}: {now.reason}." if now.reason else f"The campaign is {now.phase}."


def _disk_full(now: Situation) -> str:
    return disk_full(now.free_space)


def _no_worker(now: Situation) -> str:
    if now.slots["all"]:
        return ""
    return f"No worker is attached; {_ATTACH}.{_refused(now)}"


def _unserved(now: Situation) -> str:
    missing = [kind for kind in KINDS if not now.slots.get(kind, 0)]
    if not missing:
        return ""
    queued = ", ".join(f"{now.open[kind]} {kind}" for kind in missing if now.open.get(kind))
    return (
        f"No worker with kind {' or '.join(missing)} is attached{f' (queued: {queued})' if queued else ''}; "
        f"attach one with 'steer worker --kinds {','.join(missing)}', or without --kinds.{_refused(now)}"
    )


def _behind(now: Situation) -> str:
    if now.backlog < BEHIND:
        return ""
    return f"{now.backlog:,} frames wait in Redis: the coordinator stores them as fast as it can."


def _first_model(now: Situation) -> str:
    if now.model:
        return ""
    if now.open.get("train"):
        return f"The first latent model is being trained on {now.frames} frames; refinements begin after it."
    if now.frames < now.min_frames:
        return (
            f"Training the first latent model needs more frames: {now.frames} of {now.min_frames} are stored."
        )
    if now.too_few_followed:
        return (
            "Training the first latent model needs frames that follow each other: most of the "
            f"{now.frames} stored are the last of their simulation so far."
        )
    return ""


def _starting(now: Situation) -> str:
    waiting = sum(now.open.values()) - now.running
    if waiting <= 0 or now.running >= now.slots["all"]:
        return ""
    return f"{_jobs(waiting)} queued, and workers are starting on {'it' if waiting == 1 else 'them'}."


def _backlog_full(now: Situation) -> str:
    queued = now.open.get("cg", 0) + now.open.get("refine", 0)
    if queued < now.room or now.running < now.slots["all"]:
        return ""
    slots = now.slots["all"]
    return (
        f"{'The only slot is' if slots == 1 else f'All {slots} slots are'} busy and the backlog is full "
        f"({queued} jobs open); the next choice is made when one ends."
    )


def _last_results(now: Situation) -> str:
    if now.running >= now.slots["all"]:
        return ""
    return "All that the goals leave room for is done or running; the campaign waits for the last results."


REASONS: tuple[Callable[[Situation], str], ...] = (
    _over,
    _disk_full,
    _no_worker,
    _unserved,
    _behind,
    _first_model,
    _starting,
    _backlog_full,
    _last_results,
)
"""What can keep a campaign waiting, the most pressing first."""


def _refused(now: Situation) -> str:
    return "".join(f" Refused: {line}" for line in refused_workers(now.refusals))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _jobs(count: int) -> str:
    return "1 job is" if count == 1 else f"{count} jobs are"
