"""What is asked of a batch system: how many workers for which campaign, with what, for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from steer.connection import Connection
from steer.exceptions import ConfigError

__all__ = ["MARGIN", "NOTICE", "SHORTEST", "Request"]

NOTICE = 120
"""s before the limit at which a batch system that can do so is asked to send SIGTERM."""
MARGIN = 60
"""s of the batch system's limit that the worker leaves unused, for what came before it and comes after it."""
SHORTEST = 300
"""s that a batch job must last to be worth starting."""

_CAMPAIGN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}")


@dataclass(frozen=True)
class Request:
    """Workers to be started by a batch system. Everything in it may be printed: there is no password.

    Attributes
    ----------
    campaign : str
        Name of the campaign.
    directory : Path
        Campaign directory, absolute, as the compute nodes see it.
    command : str
        The ``steer`` command there.
    url : str, optional
        Redis URL; absent: the campaign's own server.
    workers : int
        Batch jobs (or pods), each with one worker daemon.
    gpus, cpus : int
        Of one worker; no GPU when zero.
    walltime : float, optional
        Seconds that one batch job may last; absent: what the queue allows.
    slots : int, optional
        Jobs at once of one worker; absent: one for each share of a GPU, otherwise one for each CPU core.
    slots_per_gpu : int
        Jobs that share one GPU.
    mps : bool
        Whether they share it through CUDA's Multi-Process Service.
    pin : bool
        Whether simulations of one thread on the CPU get a core of their own.
    kinds : tuple of str
        Kinds of job that the workers accept; all when empty.
    image : str
        Container image, for Kubernetes.

    Raises
    ------
    ConfigError
        When something in it cannot be written into a script safely, or is too little.
    """

    campaign: str
    directory: Path
    command: str
    url: str | None = None
    workers: int = 1
    gpus: int = 1
    cpus: int = 4
    walltime: float | None = None
    slots: int | None = None
    slots_per_gpu: int = 1
    mps: bool = False
    pin: bool = True
    kinds: tuple[str, ...] = ()
    image: str = "steer:cuda12"

    def __post_init__(self) -> None:
        self._check_text()
        if self.workers < 1 or self.cpus < 1 or self.gpus < 0 or self.slots_per_gpu < 1:
            raise ConfigError("--workers and --cpus-per-worker are numbers from 1, --gpus-per-worker from 0.")
        if self.slots_per_gpu > 1 and not self.gpus:
            raise ConfigError(
                "--slots-per-gpu shares a GPU, and these workers have none; give --slots, or --gpus-per-worker 1 or more."
            )
        if self.mps and self.capacity <= self.gpus:
            raise ConfigError(
                "--mps lets jobs share a GPU, and here each has one alone; give --slots-per-gpu 2 or more."
            )
        if self.walltime is not None and self.walltime < SHORTEST:
            raise ConfigError(
                f"--walltime: {self.walltime:g} s is too short for a batch job, which needs {SHORTEST} s at least."
            )

    def _check_text(self) -> None:
        if not _CAMPAIGN.fullmatch(self.campaign):
            raise ConfigError(f"the campaign name {self.campaign!r} has characters that no campaign has.")
        if not self.directory.is_absolute():
            raise ConfigError("the campaign directory must be an absolute path.", file=self.directory)
        if not _IMAGE.fullmatch(self.image):
            raise ConfigError(f"--image {self.image!r} is no name of a container image.")
        for what, text in (("path", str(self.directory)), ("path", self.command), ("URL", self.url or "")):
            if not text.isprintable():
                raise ConfigError(
                    f"the {what} {text!r} has line breaks or other characters that cannot be printed into a script."
                )
        if self.url is not None and Connection.parse(self.url, environment={}).password:
            raise ConfigError("a password must not stand in a script; leave it out of the URL.")

    @property
    def capacity(self) -> int:
        """Jobs that one worker runs at once."""
        return self.slots or (self.gpus * self.slots_per_gpu if self.gpus else self.cpus)

    @property
    def options(self) -> list[tuple[str, ...]]:
        """Options of ``steer worker``, apart from URL, directory and name, each with its value; not quoted."""
        options: list[tuple[str, ...]] = [("--campaign", self.campaign), *self._room()]
        if not self.pin:
            options.append(("--no-pin",))
        if self.kinds:
            options.append(("--kinds", ",".join(self.kinds)))
        if self.walltime is not None:
            options.append(("--walltime", f"{int(self.walltime) - MARGIN} s"))
        return options

    def _room(self) -> list[tuple[str, ...]]:
        """Slots are told and not looked for where there is no GPU: cores of others are seen inside containers."""
        if not self.gpus:
            return [("--gpus", "none"), ("--slots", str(self.capacity))]
        options: list[tuple[str, ...]] = []
        if self.slots_per_gpu > 1:
            options.append(("--slots-per-gpu", str(self.slots_per_gpu)))
        if self.slots is not None:
            options.append(("--slots", str(self.slots)))
        return [*options, ("--mps",)] if self.mps else options
