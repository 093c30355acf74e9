"""The Redis server that a campaign talks through: its own, or one that the user names."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from steer.connection import Connection, connect
from steer.exceptions import ServerError
from steer.server import EmbeddedRedis

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory

__all__ = ["REDIS_FOLDER", "campaign_server", "embedded_server"]

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


@contextmanager
def campaign_server(
    directory: CampaignDirectory, campaign: str, url: str | None, listen: str | None
) -> Iterator[tuple[Connection, str]]:
    """A server that answers: the coordinator's connection, and the URL that workers are told.

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
        connection = Connection.parse(url)
        _refuse_unsafe(connection)
        yield connection, connection.shown
        return
    with embedded_server(directory, campaign, listen) as server:
        yield server.connection, server.worker_url()


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
