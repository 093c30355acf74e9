"""How a worker finds its campaign, and what it must be to be let in."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from redis.exceptions import NoPermissionError

import steer
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import Connection, from_user
from steer.exceptions import ConfigError, EnvironmentNotReady, ServerError
from steer.fleet_keys import ANY_META, FleetKeys

__all__ = [
    "Announcement",
    "Enrolment",
    "enter",
    "find_campaign",
    "find_connection",
    "has_ended",
    "version_problem",
]

log = logging.getLogger(__name__)

_LOOK_EVERY = 2.0


@dataclass(frozen=True)
class Announcement:
    """What a coordinator says of its campaign.

    Attributes
    ----------
    campaign : str
    version : str
        Of the package.
    directory : str
        Campaign directory, as the coordinator sees it.
    open : bool
        Whether it has not ended.
    """

    campaign: str
    version: str
    directory: str
    open: bool


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


class _Snapshot(msgspec.Struct):
    """Of `steer.status.Status`, what matters here."""

    phase: str


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
    CampaignError
        When the directory is no campaign's.
    ServerError
        When the directory's server was never started, or is not reachable from here.
    """
    from steer.campaign_server import REDIS_FOLDER
    from steer.credentials import WORKER, Credentials

    found = Credentials.read(directory / REDIS_FOLDER) if directory is not None else None
    if url is None:
        if directory is None:
            raise ConfigError("Which campaign? Give the URL that 'steer run' prints, or --directory.")
        if found is None:
            raise ServerError(
                f"The campaign in {CampaignDirectory.open(directory).root} has no Redis server of its own yet; start it "
                "with 'steer run', or give the URL of the server that it was given with --redis."
            )
        return found.worker
    connection = from_user(url)
    if not connection.password and found is not None:
        password = found.worker_password if connection.username == WORKER else found.password
        return connection.as_user(connection.username, password)
    return connection


async def find_campaign(
    redis: Any, campaign: str | None, directory: Path | None, patience: float
) -> Announcement | None:
    """The campaign to work for, once its coordinator has announced it; None when it has ended.

    Parameters
    ----------
    redis : redis.asyncio.Redis
    campaign : str, optional
        Its name; absent: that of `directory`, or the only one on the server that goes on.
    directory : Path, optional
        Where the campaign directory is on this machine.
    patience : float
        Seconds to wait for a coordinator.

    Raises
    ------
    ConfigError
        When several campaigns are on the server.
    EnvironmentNotReady
        When none was announced in time.
    """
    if campaign is None and directory is not None:
        campaign = _name_of(CampaignDirectory.open(directory))
    what = f"the campaign {campaign!r}" if campaign else "a campaign"
    for turn in range(math.ceil(patience / _LOOK_EVERY) + 1):
        found = await _look(redis, campaign)
        if any(announced.open for announced in found):
            return _the_only([announced for announced in found if announced.open])
        if found:
            _say_ended(found)
            return None
        if turn == 0:
            log.info("waiting for %s: no 'steer run' has announced it on this server yet", what)
        await asyncio.sleep(_LOOK_EVERY)
    raise EnvironmentNotReady(
        f"No 'steer run' announced {what} on this server within {patience:g} s, so this worker leaves; start it again "
        "when there is one, and see that both were given the same server."
    )


def enter(announced: Announcement, directory: Path | None) -> Enrolment:
    """Check that we may work for a campaign, and open its directory.

    Parameters
    ----------
    announced : Announcement
    directory : Path, optional
        Where the campaign directory is on this machine; absent: where the coordinator has it.

    Raises
    ------
    ConfigError
        When the directory belongs to another campaign.
    EnvironmentNotReady
        When versions differ, or the campaign directory is not visible here.
    """
    if problem := version_problem(announced.version):
        raise EnvironmentNotReady(problem)
    place = directory or Path(announced.directory)
    if not (place / "campaign.toml").is_file():
        raise EnvironmentNotReady(
            f"The campaign directory {place} is not visible on {socket.gethostname()}; mount it there, or say with "
            "--directory where it is."
        )
    found = CampaignDirectory.open(place)
    if _name_of(found) != announced.campaign:
        raise ConfigError(
            f"{place} belongs to the campaign {_name_of(found)!r}, not to {announced.campaign!r}."
        )
    return Enrolment(announced.campaign, found)


def has_ended(directory: CampaignDirectory) -> bool:
    """Whether the campaign's last snapshot says that it is finished: for workers that cannot ask the server."""
    try:
        snapshot = msgspec.json.decode(directory.status.read_bytes(), type=_Snapshot)
    except (OSError, msgspec.MsgspecError):
        return False
    return snapshot.phase == "finished"


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


async def _look(redis: Any, campaign: str | None) -> list[Announcement]:
    """Announcements on the server: of one campaign, or of all that we may work for, by name."""
    if campaign is not None:
        announced = await _read(redis, campaign)
        return [announced] if announced else []
    found = [
        key.decode(errors="replace").rpartition(":")[0] async for key in redis.scan_iter(ANY_META, count=1000)
    ]
    every = []
    for name in sorted({name for name in found if ":" not in name}):
        with suppress(NoPermissionError):
            every.append(await _read(redis, name))
    return [announced for announced in every if announced]


async def _read(redis: Any, campaign: str) -> Announcement | None:
    meta = await redis.hgetall(FleetKeys(campaign).meta)
    if not meta:
        return None
    fields = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in meta.items()}
    version, directory = fields.get("version", ""), fields.get("directory", "")
    return Announcement(campaign, version, directory, fields.get("state") != "finished")


def _the_only(found: list[Announcement]) -> Announcement:
    if len(found) > 1:
        raise ConfigError(
            f"Several campaigns are on this server: {', '.join(each.campaign for each in found)}. Choose one with "
            "--campaign."
        )
    return found[0]


def _say_ended(found: list[Announcement]) -> None:
    names = ", ".join(announced.campaign for announced in found)
    log.info(
        "%s has ended, so there is nothing to do here; resume with 'steer run', then attach workers again",
        names,
    )
