"""Progress and workers straight from Redis, where it answers. Reads only, and never waits long."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from steer.connection import Connection, connect
from steer.exceptions import SteerError
from steer.fleet_keys import FleetKeys
from steer.idle import refused_workers
from steer.messages import JobProgress, Refusal, WorkerInfo

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory

__all__ = ["Live", "LiveView"]

FRESH = 1.0
"""s for which an answer is good."""

PATIENCE = 1.0
"""s to wait for Redis."""

LOOK_AGAIN = 10.0
"""s before a server that did not answer is asked again."""


@dataclass(frozen=True)
class LiveView:
    """What Redis knows now.

    Attributes
    ----------
    running : list of dict
        Progress of running jobs, as JSON types.
    workers : list of dict
        Attached workers, as JSON types.
    refused : list of str
        Workers that were refused, and why: a line for each reason.
    """

    running: list[dict[str, Any]]
    workers: list[dict[str, Any]]
    refused: list[str]


class Live:
    """Asks the campaign's Redis server. May be called from any thread.

    Parameters
    ----------
    directory : CampaignDirectory
    campaign : str
        Name of the campaign.
    url : str, optional
        Of a server that is not the campaign's own; its password may come from ``STEER_REDIS_PASSWORD``.
    """

    def __init__(self, directory: CampaignDirectory, campaign: str, url: str | None = None) -> None:
        self._directory, self._keys, self._url = directory, FleetKeys(campaign), url
        self._lock = threading.Lock()
        self._view: LiveView | None = None
        self._until = 0.0

    def read(self) -> LiveView | None:
        """What Redis knows; None while there is no server that answers."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._view = self._ask()
                self._until = time.monotonic() + (LOOK_AGAIN if self._view is None else FRESH)
            return self._view

    def _ask(self) -> LiveView | None:
        from redis.exceptions import RedisError

        try:
            connection = self._connection()
            if connection is None:
                return None
            client = connect(
                connection,
                name="dashboard",
                retries=0,
                socket_connect_timeout=PATIENCE,
                socket_timeout=PATIENCE,
            )
            try:
                return self._look(client)
            finally:
                client.close()
        except (RedisError, OSError, SteerError):
            return None

    def _connection(self) -> Connection | None:
        from steer.campaign_server import REDIS_FOLDER
        from steer.credentials import Credentials

        if self._url is not None:
            return Connection.parse(self._url)
        credentials = Credentials.read(self._directory.root / REDIS_FOLDER)
        return None if credentials is None else credentials.coordinator

    def _look(self, client: Any) -> LiveView:
        names = sorted(_text(name) for name in client.smembers(self._keys.workers))
        announced = client.mget([self._keys.worker(name) for name in names]) if names else []
        progress = client.mget([self._keys.progress(name) for name in names]) if names else []
        refusals = sorted(client.hgetall(self._keys.refusals).items())
        workers = [_decoded(text, WorkerInfo) for text in announced if text]
        lines = [_decoded(text, list[JobProgress]) for text in progress if text]
        return LiveView(
            running=[msgspec.to_builtins(job) for found in lines if found for job in found],
            workers=[msgspec.to_builtins(worker) for worker in workers if worker],
            refused=refused_workers([found for _, text in refusals if (found := _decoded(text, Refusal))]),
        )


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _decoded(text: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
