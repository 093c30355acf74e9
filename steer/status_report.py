"""`steer status`: the newest snapshot, corrected for a coordinator that is gone, in lines for people."""

from __future__ import annotations

import shutil
from typing import Any

import msgspec

from steer.campaign import CampaignDirectory
from steer.exceptions import CampaignError
from steer.gpu_load import gpu_totals, in_words
from steer.idle import disk_full
from steer.messages import UNREADABLE
from steer.printable import printable
from steer.status import Status

__all__ = ["current_status", "describe"]


def current_status(directory: CampaignDirectory) -> Status:
    """The status file, corrected where its coordinator died or cannot write for want of room.

    Raises
    ------
    CampaignError
        When the campaign has no status yet, or the file is damaged.
    """
    try:
        status = msgspec.json.decode(directory.status.read_bytes(), type=Status)
    except FileNotFoundError:
        problem = "it has no status yet; the coordinator writes it within a second of starting ('steer run')."
        raise CampaignError(directory.root, problem) from None
    except UNREADABLE as error:
        raise CampaignError(
            directory.status, f"the status file is damaged ({error}); the coordinator rewrites it."
        ) from error
    if status.phase == "running" and not directory.is_running():
        sentence = (
            "Its coordinator is gone, without a farewell; running jobs go on. "
            f"Resume with 'steer run {directory.root}'."
        )
        return msgspec.structs.replace(status, phase="interrupted", waiting=sentence)
    # On a full disk the coordinator could not write its status either.
    if status.phase == "running" and (sentence := disk_full(shutil.disk_usage(directory.root).free)):
        return msgspec.structs.replace(status, waiting=sentence)
    return status


def describe(status: Status) -> str:
    """A status in lines."""
    refined = status.refinements
    rows = [
        ("Campaign", f"{status.campaign}, {status.phase}" + (f": {status.reason}" if status.reason else "")),
        ("Waiting for", status.waiting if status.phase in ("running", "interrupted") else ""),
        ("CG", f"{status.cg_time * 1e-3:.3f} ns in {_simulations(status)}; {status.from_refined} started from AA results"),
        ("Generations", _generations(status)),
        ("Seeds", ", ".join(f"{count} {_ORIGINS[origin]}" for origin, count in sorted(status.seeds.items()))),
        ("Frames", f"{status.frames:,} stored ({status.frames_aa:,} AA), {status.backlog} waiting, "
                   f"{status.duplicates} duplicates, {status.set_aside} set aside"),
        ("Latent", _latent(status)),
        ("Refinements", f"{refined['accepted']} accepted, {refined['rejected']} rejected, {refined['open']} open, "
                        f"{refined['failed']} failed; {status.aa_time * 1e-3:.3f} ns of AA simulation"),
        *(("", f"{count} x {reason}") for reason, count in status.rejected_reasons.items()),
        ("Jobs", ", ".join(f"{count} {kind}" for kind, count in status.open.items() if count) or "none open"),
        *(("", f"{job['key']} on {job['worker']}: {job['phase']}, {job['fraction']:.0%}") for job in status.running),
        *(("Failed", key) for key in status.failed),
        *(("Damaged", loss) for loss in status.missing),
        ("Workers", f"{len(status.workers)} with {status.slots['all']} slots"),
        *(("", _worker(worker)) for worker in status.workers),
        *(("Refused", line) for line in status.refused),
        ("Rates", f"{status.rates['frames_per_second']:.1f} frames/s, {status.rates['ns_per_day']:.0f} ns/day of CG"),
    ]  # fmt: skip
    return "\n".join(f"{name:<12} {printable(text)}" for name, text in rows if text)


_ORIGINS = {"input": "input structure", "cg": "from CG frames", "aa": "from refinements"}


def _worker(worker: dict[str, Any]) -> str:
    platform = f", on {worker['platform']}" if worker.get("platform") else ""
    return (
        f"{worker['name']} on {worker['host']}: {len(worker['busy'])} of {worker['slots']} slots busy{platform}, "
        f"accepts {', '.join(worker['kinds'])}; {in_words(gpu_totals([worker]))}"
    )


def _simulations(status: Status) -> str:
    count = sum(g.open + g.done + g.failed for g in status.generations)
    return f"{count} simulation" if count == 1 else f"{count} simulations"


def _generations(status: Status) -> str:
    return "; ".join(f"{g.generation}: {g.done} done, {g.open} open" + (f", {g.failed} failed" if g.failed else "")
                     for g in status.generations)  # fmt: skip


def _latent(status: Status) -> str:
    if not status.model:
        return f"no model yet ({status.frames} of {status.min_frames} frames)" + (
            ", training" if status.training else ""
        )
    training = ", the next is training" if status.training else ""
    return f"model {status.model}{training}; coverage {status.coverage} cells; drift {status.drift:.2f}"
