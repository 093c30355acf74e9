"""How a worker finds its campaign, and what it must be to be let in."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import steer
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import Connection
from steer.exceptions import ConfigError, EnvironmentNotReady
from steer.fleet_keys import ANY_META, FleetKeys

__all__ = ["Enrolment", "enrol", "find_connection", "version_problem"]

log = logging.getLogger(__name__)

_LOOK_EVERY = 2.0


@dataclass(frozen=True)
class Enrolment:
    """The campaign a worker belongs to.

    Attributes
    ----------
    campaign : str
    directory : CampaignDirectory
        As this machine sees it.
    """

    campaign: str
    directory: CampaignDirectory


def find_connection(url: str | None, directory: Path | None) -> Connection:
    """The server that a worker is to talk to.

    Parameters
    ----------
    url : str, optional
        As the user gave it; its password may come from ``STEER_REDIS_PASSWORD`` or from the campaign directory.
    directory : Path, optional
        Campaign directory, whose own server is taken when there is no URL.

    Raises
    ------
    ConfigError
        When neither is given, or the URL cannot be used.
    ServerError
        When the directory's server was never started, or is not reachable from here.
    """
    from steer.campaign_server import REDIS_FOLDER
    from steer.credentials import WORKER, Credentials

    found = Credentials.read(directory / REDIS_FOLDER) if directory is not None else None
    if url is None:
        if found is None:
            raise ConfigError(
                "Which campaign? Give the URL that 'steer run' prints, or --directory with a campaign directory whose "
                "'steer run' started a Redis server of its own."
            )
        return found.worker
    connection = Connection.parse(url)
    if not connection.password and found is not None:
        password = found.worker_password if connection.username == WORKER else found.password
        return connection.as_user(connection.username, password)
    return connection


async def enrol(redis: Any, name: str, campaign: str | None, directory: Path | None) -> Enrolment:
    """Find the campaign, waiting until its coordinator has announced it, and check that we may work for it.

    Parameters
    ----------
    redis : redis.asyncio.Redis
    name : str
        Name of the worker; a refusal is left under it for the coordinator.
    campaign : str, optional
        Name of the campaign; absent: that of `directory`, or the only one on the server.
    directory : Path, optional
        Where the campaign directory is on this machine; absent: where the coordinator has it.

    Raises
    ------
    ConfigError
        When several campaigns are on the server, or the directory belongs to another one.
    EnvironmentNotReady
        When versions differ, or the campaign directory is not visible here.
    """
    if campaign is None and directory is not None:
        campaign = _name_of(CampaignDirectory.open(directory))
    campaign = campaign or await _only_campaign(redis)
    keys = FleetKeys(campaign)
    meta = await _announcement(redis, keys)
    problem = version_problem(meta.get("version", ""))
    if problem:
        await redis.hset(keys.refusals, name, problem)
        raise EnvironmentNotReady(problem)
    place = directory or Path(meta.get("directory", ""))
    if not (place / "campaign.toml").is_file():
        problem = (
            f"The campaign directory {place} is not visible on this machine; mount it, or say with --directory where "
            "it is."
        )
        await redis.hset(keys.refusals, name, problem)
        raise EnvironmentNotReady(problem)
    found = CampaignDirectory.open(place)
    if _name_of(found) != campaign:
        raise ConfigError(f"{place} belongs to the campaign {_name_of(found)!r}, not to {campaign!r}.")
    await redis.hdel(keys.refusals, name)
    return Enrolment(campaign, found)


def version_problem(wanted: str) -> str:
    """Why a worker of this version may not work for a coordinator of version `wanted`; empty when it may."""
    if wanted == steer.__version__:
        return ""
    return (
        f"The coordinator runs steer {wanted or 'of an unknown version'}, this worker {steer.__version__}: install the "
        "same version on both."
    )


def _name_of(directory: CampaignDirectory) -> str:
    return load_config(directory.config).campaign.name


async def _only_campaign(redis: Any) -> str:
    told = False
    while True:
        found = [key.decode().rpartition(":")[0] async for key in redis.scan_iter(ANY_META, count=1000)]
        names = sorted({name for name in found if ":" not in name})
        if len(names) == 1:
            return names[0]
        if names:
            raise ConfigError(
                f"Several campaigns are on this server: {', '.join(names)}. Choose one with --campaign."
            )
        if not told:
            log.info("no campaign is on this server yet; waiting for 'steer run'")
            told = True
        await asyncio.sleep(_LOOK_EVERY)


async def _announcement(redis: Any, keys: FleetKeys) -> dict[str, str]:
    told = False
    while True:
        meta = {name.decode(): value.decode() for name, value in (await redis.hgetall(keys.meta)).items()}
        if meta.get("state") == "open":
            return meta
        if not told:
            log.info("the coordinator of %s is not there; waiting for 'steer run'", keys.campaign)
            told = True
        await asyncio.sleep(_LOOK_EVERY)
