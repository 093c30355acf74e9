"""One docket a kind of job, reduced to what the fleet needs: JSON only, one task, nothing struck from afar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import docket.docket
from docket.docket import Docket
from docket.strikelist import StrikeList

from steer.docket_codec import install
from steer.exceptions import JobError
from steer.fleet_keys import FleetKeys
from steer.prompt_connection import PromptRedis

__all__ = ["TASK", "JobDocket"]

TASK = "run_job"
"""Name of the only task: it takes the JSON text of a job."""

_KEEP_RECORDS = timedelta(minutes=5)
"""How long docket's record of an ended job stays in Redis. The journal has the end; the record tells a worker that comes
back from an outage that its job was cancelled, and a claim of a job without a record is refused (docket's ``claim.lua``)."""


class _LocalStrikes(StrikeList):
    """A strike list that reads no stream: nobody can block jobs, or stop a worker, by writing to one."""

    def __init__(self, url: str | None = None, name: str = "docket", **options: Any) -> None:
        super().__init__(url=None, name=name)

    def is_stricken(self, target: Any) -> bool:
        """Never."""
        return False


class JobDocket(Docket):
    """The queue of one kind of job of one campaign.

    Parameters
    ----------
    url : str
        Redis URL with credentials.
    campaign : str
        Name of the campaign.
    kind : str
        Kind of job.
    """

    def __init__(self, url: str, campaign: str, kind: str) -> None:
        install()
        super().__init__(name=FleetKeys(campaign).docket(kind), url=url, execution_ttl=_KEEP_RECORDS)
        self._redis = PromptRedis(url)
        self.kind = kind
        self.tasks.clear()
        self.register(_placeholder, [TASK])

    async def get_execution(self, key: str) -> Any:
        """Refused: docket unpickles here."""
        raise JobError(f"The record of {key!r} may not be read through docket, which would unpickle it.")


async def _placeholder(job: str) -> None:
    """Name of the task on the coordinator's side; workers register what runs it."""
    raise JobError(f"A job reached a docket that runs none: {job[:100]}")


setattr(docket.docket, "StrikeList", _LocalStrikes)  # noqa: B010 (a class attribute of the module, by design of docket)
