"""The Redis keys of the control plane. All of a campaign's keys begin with its name and a colon."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANY_META", "FleetKeys"]

ANY_META = "*:meta"
"""Pattern of `FleetKeys.meta` for all campaigns on a server."""


@dataclass(frozen=True)
class FleetKeys:
    """Names of the keys of one campaign.

    Attributes
    ----------
    campaign : str
        Name of the campaign.
    """

    campaign: str

    def docket(self, kind: str) -> str:
        """Docket (queue) of one kind of job; a prefix of further keys."""
        return f"{self.campaign}:{kind}"

    def stream(self, kind: str) -> str:
        """Stream of the jobs of a kind that are queued or running."""
        return f"{self.campaign}:{kind}:stream"

    def parked(self, kind: str) -> str:
        """Sorted set of the keys of jobs that wait for a time."""
        return f"{self.campaign}:{kind}:queue"

    def run(self, kind: str, key: str) -> str:
        """Hash with docket's record of one job."""
        return f"{self.campaign}:{kind}:runs:{key}"

    @property
    def meta(self) -> str:
        """Hash: ``directory``, ``version``, ``state`` (``open`` or ``finished``)."""
        return f"{self.campaign}:meta"

    @property
    def events(self) -> str:
        """Stream of job events, read by the coordinator."""
        return f"{self.campaign}:events"

    @property
    def rejected(self) -> str:
        """Stream of messages that were refused, with the reason."""
        return f"{self.campaign}:rejected"

    @property
    def workers(self) -> str:
        """Set of worker names."""
        return f"{self.campaign}:workers"

    def worker(self, name: str) -> str:
        """A live worker's announcement; expires when the worker is gone."""
        return f"{self.campaign}:worker:{name}"

    def progress(self, name: str) -> str:
        """Progress of a live worker's jobs; expires with it."""
        return f"{self.campaign}:progress:{name}"

    @property
    def refusals(self) -> str:
        """Hash: name of a worker that was refused to its `Refusal`, as JSON."""
        return f"{self.campaign}:refusals"

    @property
    def crashes(self) -> str:
        """Hash: job key to the number of attempts whose process died."""
        return f"{self.campaign}:crashes"
