"""The Redis server that a campaign talks through: its own, or one that the user names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steer.connection import Connection, connect, from_user
from steer.exceptions import ServerError
from steer.server import EmbeddedRedis

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory

__all__ = ["REDIS_FOLDER", "CampaignServer", "campaign_server", "embedded_server"]

log = logging.getLogger(__name__)

REDIS_FOLDER = "redis"


def embedded_server(directory: CampaignDirectory, campaign: str, listen: str | None = None) -> EmbeddedRedis:
    """The campaign's own server, neither started nor looked for yet.

    Parameters
    ----------
    listen : str, optional
        ``HOST[:PORT]`` on which workers on other machines reach it.
    """
    return EmbeddedRedis(directory.root / REDIS_FOLDER, directory.logs / "redis.log", campaign, listen)


@dataclass(frozen=True)
class CampaignServer:
    """A server that answered.

    Attributes
    ----------
    connection : Connection
        The coordinator's way in.
    worker_url : str
        What workers are told, without password.
    revive : callable or None
        Starts it again when it has died; None for a server that is not ours.
    """

    connection: Connection
    worker_url: str
    revive: Callable[[], None] | None


@contextmanager
def campaign_server(
    directory: CampaignDirectory, campaign: str, url: str | None, listen: str | None
) -> Iterator[CampaignServer]:
    """Start the campaign's server, find it, or join the one that is named.

    The campaign's own server is stopped at the end, when the coordinator leaves in an orderly way; when the
    coordinator is killed it goes on, and is found again.

    Parameters
    ----------
    url : str, optional
        A server to join instead; its password may come from ``STEER_REDIS_PASSWORD``.
    listen : str, optional
        ``HOST[:PORT]`` for the campaign's own server.

    Raises
    ------
    ServerError
        When it cannot be started or reached, or would lose jobs.
    """
    if url is not None:
        connection = from_user(url)
        _refuse_unsafe(connection)
        yield CampaignServer(connection, connection.shown, None)
        return
    with embedded_server(directory, campaign, listen) as server:
        yield CampaignServer(server.connection, server.worker_url(), lambda: _revive(server))


def _revive(server: EmbeddedRedis) -> None:
    try:
        if server.start():
            log.warning("the campaign's Redis server had died and was started again")
    except ServerError as error:
        log.warning("%s", error)


def _refuse_unsafe(connection: Connection) -> None:
    from steer.server_check import check_server

    client = connect(connection)
    try:
        findings = check_server(client)
    finally:
        client.close()
    for finding in findings:
        if finding.state == "fail":
            raise ServerError(f"The server at {connection} cannot be used: {finding.subject}: {finding.text}")
        if finding.state == "warn":
            log.warning("Redis at %s: %s: %s", connection, finding.subject, finding.text)
