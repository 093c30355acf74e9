"""`steer worker --print`: the script or manifest with which a batch system starts workers."""

from __future__ import annotations

import logging
import shutil
import sysconfig
from pathlib import Path

import click

from steer.exceptions import ConfigError

__all__ = ["print_script"]

log = logging.getLogger(__name__)


def print_script(
    system: str,
    url: str | None,
    directory: Path | None,
    campaign: str | None,
    walltime: float | None,
    workers: int | None,
    gpus: int | None,
    cpus: int | None,
    image: str | None,
    slots: int | None,
    slots_per_gpu: int,
    mps: bool,
    pin: bool,
    kinds: tuple[str, ...],
) -> int:
    """Print how `system` starts workers for a campaign; returns the exit code.

    Parameters
    ----------
    system : str
        One of `steer.launchers.LAUNCHERS`.
    url, directory, campaign, walltime, slots, slots_per_gpu, mps, pin, kinds
        As for the worker itself; walltime in seconds.
    workers, gpus, cpus, image
        As for `steer.launchers.Request`; None for its defaults.

    Raises
    ------
    ConfigError
        When something is missing, or cannot be written into a script safely.
    """
    from urllib.parse import urlsplit

    from steer.launchers import Request, launcher

    cluster = system == "kubernetes"
    name = _campaign(directory, campaign, needed=not cluster)
    if url is not None:
        _warn_of_loopback(urlsplit(url).hostname)
    elif not cluster:
        _warn_of_own_server(directory)
    chosen = {"workers": workers, "gpus": gpus, "cpus": cpus, "image": image}
    request = Request(
        campaign=name,
        directory=(directory or Path(name)).resolve(),
        command=_command(),
        url=None if url is None else _shown(url),
        walltime=walltime,
        slots=slots,
        slots_per_gpu=slots_per_gpu,
        mps=mps,
        pin=pin,
        kinds=kinds,
        **{key: value for key, value in chosen.items() if value is not None},  # type: ignore[arg-type]
    )
    click.echo(launcher(system)(request), nl=False)
    return 0


def _campaign(directory: Path | None, campaign: str | None, *, needed: bool) -> str:
    """Name of the campaign, from its directory where that is visible."""
    from steer.campaign import CampaignDirectory
    from steer.config import load_config

    if directory is not None:
        found = load_config(CampaignDirectory.open(directory).config).campaign.name
        if campaign not in (None, found):
            raise ConfigError(f"{directory} belongs to the campaign {found!r}, not to {campaign!r}.")
        return found
    if needed:
        raise ConfigError("Which campaign? Give --directory with its campaign directory.")
    if campaign is None:
        raise ConfigError("Which campaign? Give --campaign with its name, or --directory.")
    return campaign


def _shown(url: str) -> str:
    """The URL without its password, which must not stand in a script."""
    from urllib.parse import urlsplit

    from steer.connection import Connection

    connection = Connection.parse(url, environment={})
    if connection.password or urlsplit(url).password:
        log.warning(
            "the password is left out of what is printed: put it into redis/password in the campaign directory (mode "
            "0600), or into a Secret on Kubernetes"
        )
    return connection.shown


def _warn_of_loopback(host: str | None) -> None:
    """``localhost`` is another machine on each compute node and in each pod."""
    from steer.server import LOOPBACK

    if host in LOOPBACK:
        log.warning(
            "workers will look for the Redis server at %s, which is their own machine; give the name under which "
            "other machines reach it",
            host,
        )


def _warn_of_own_server(directory: Path | None) -> None:
    from steer.campaign_server import REDIS_FOLDER
    from steer.credentials import Credentials

    found = Credentials.read(directory / REDIS_FOLDER) if directory is not None else None
    if found is not None and not found.port:
        log.warning(
            "the campaign's Redis server can be reached on %s only; resume the campaign with --listen HOST before you "
            "submit this",
            found.machine,
        )
    elif found is not None:
        _warn_of_loopback(found.host)


def _command() -> str:
    """The installed ``steer``, which compute nodes find under the same path on a shared file system."""
    own = Path(sysconfig.get_path("scripts")) / "steer"
    found = str(own) if own.is_file() else shutil.which("steer")
    if found is None:
        raise ConfigError("no steer command is installed here; install the package with pip.")
    return found
