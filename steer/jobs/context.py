"""What a job is given: where its files belong, how to publish frames and progress, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steer.campaign import CampaignDirectory
from steer.exceptions import JobStopped

if TYPE_CHECKING:
    from sims.engines.protocol import EngineFrame
    from steer.config import CampaignConfig

__all__ = ["JobContext"]


@dataclass(frozen=True)
class JobContext:
    """The world as a job sees it.

    A runner is called with its job and this. It calls `progress` often (the watchdog ends a job whose progress stands
    still) and `should_stop` between pieces of work; when that answers True it saves its state and raises `JobStopped`.

    Attributes
    ----------
    directory : CampaignDirectory
        The campaign.
    config : CampaignConfig
        The resolved campaign file.
    folder : Path
        The job's own folder, which no other attempt holds while this one runs. What an earlier attempt saved is here.
    publish : callable
        ``publish(frames)`` sends frames of the job's simulation to the coordinator. It neither blocks nor loses them
        when Redis is away; frames published twice are recognised by their step.
    progress : callable
        ``progress(phase, fraction, step)``: a short name, the share done in [0, 1], and a counter that moves.
    should_stop : callable
        Whether to save and end now: shutdown, walltime, or another attempt has taken over.
    """

    directory: CampaignDirectory
    config: CampaignConfig
    folder: Path
    publish: Callable[[Sequence[EngineFrame]], None]
    progress: Callable[[str, float, int], None]
    should_stop: Callable[[], bool]

    def stop_if_asked(self) -> None:
        """Raise `JobStopped` when `should_stop`; for work that has nothing to save."""
        if self.should_stop():
            raise JobStopped("The job was asked to stop; it goes on from what it saved.")
