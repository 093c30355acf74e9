"""`steer worker`."""

from __future__ import annotations

from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.worker_script import print_script
from steer.exceptions import ConfigError
from steer.launchers import LAUNCHERS

__all__ = ["attach_worker", "worker"]


@click.command()
@click.argument("url", required=False)
@click.option(
    "--slots", type=click.IntRange(min=1), help="Jobs at once [default: one a GPU, else one a CPU core]."
)
@click.option("--gpus", metavar="LIST", help="GPUs to use: 'all', 'none', or '0,1' [default: all].")
@click.option(
    "--slots-per-gpu",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Jobs that share one GPU.",
)
@click.option("--mps", is_flag=True, help="Have them share it through CUDA MPS, instead of taking turns.")
@click.option(
    "--no-pin", is_flag=True, help="Leave it to the system on which CPU cores one-thread simulations run."
)
@click.option("--kinds", metavar="LIST", help="Kinds of job to accept: cg,refine,train [default: all].")
@click.option("--walltime", metavar="TIME", help="Hand jobs back in time for this limit: '4 h'.")
@click.option(
    "--directory", type=click.Path(path_type=Path), help="Where the campaign directory is on this machine."
)
@click.option(
    "--campaign", metavar="NAME", help="Campaign to work for [default: the only one on the server]."
)
@click.option("--name", help="Name of this worker [default: made of host and process id].")
@click.option(
    "--print",
    "system",
    type=click.Choice(list(LAUNCHERS)),
    help="Attach nothing: print a script or manifest with which this batch system starts workers.",
)
@click.option("--workers", type=click.IntRange(min=1), help="With --print: how many workers [default: 1].")
@click.option(
    "--gpus-per-worker", type=click.IntRange(min=0), help="With --print: GPUs of each worker [default: 1]."
)
@click.option(
    "--cpus-per-worker", type=click.IntRange(min=1), help="With --print: cores of each worker [default: 4]."
)
@click.option("--image", help="With --print kubernetes: container image [default: steer:cuda12].")
@log_options
def worker(
    url: str | None,
    slots: int | None,
    gpus: str | None,
    slots_per_gpu: int,
    mps: bool,
    no_pin: bool,
    kinds: str | None,
    walltime: str | None,
    directory: Path | None,
    campaign: str | None,
    name: str | None,
    system: str | None,
    workers: int | None,
    gpus_per_worker: int | None,
    cpus_per_worker: int | None,
    image: str | None,
) -> int:
    """Attach this machine to the campaign at URL, and run its jobs.

    URL is what `steer run` prints; with --directory and a campaign that started its own Redis server it may be left
    out. The password comes from STEER_REDIS_PASSWORD or from the campaign directory.

    Ctrl-C or SIGTERM: running jobs save their states and are handed back. Twice: at once.

    With --print nothing is attached: a job script or manifest goes to stdout, with no password in it.
    """
    if system is not None:
        _refuse(gpus=gpus, name=name)
        return print_script(
            system,
            url,
            directory,
            campaign,
            _seconds(walltime),
            workers,
            gpus_per_worker,
            cpus_per_worker,
            image,
            slots,
            slots_per_gpu,
            mps,
            not no_pin,
            _known_kinds(kinds),
        )
    _need_print(
        workers=workers, gpus_per_worker=gpus_per_worker, cpus_per_worker=cpus_per_worker, image=image
    )
    return attach_worker(
        url, slots, gpus, slots_per_gpu, mps, not no_pin, kinds, walltime, directory, campaign, name
    )


def attach_worker(
    url: str | None = None,
    slots: int | None = None,
    gpus: str | None = None,
    slots_per_gpu: int = 1,
    mps: bool = False,
    pin: bool = True,
    kinds: str | None = None,
    walltime: str | None = None,
    directory: Path | None = None,
    campaign: str | None = None,
    name: str | None = None,
) -> int:
    """Read the options and run a worker; returns the exit code."""
    from steer.messages import KINDS
    from steer.worker import WorkerOptions, run_worker

    options = WorkerOptions(
        url=url,
        directory=directory,
        campaign=campaign,
        slots=slots,
        gpus=_gpus(gpus),
        slots_per_gpu=slots_per_gpu,
        mps=mps,
        pin=pin,
        kinds=_list(kinds) if kinds is not None else KINDS,
        name=_checked_name(name),
        walltime=_seconds(walltime),
    )
    return run_worker(options)


def _refuse(**options: str | None) -> None:
    for option, value in options.items():
        if value is not None:
            raise ConfigError(
                f"--{option} is for a worker that starts here; with --print, workers are named after their batch jobs "
                "and get --gpus-per-worker GPUs."
            )


def _need_print(**options: object) -> None:
    for option, value in options.items():
        if value is not None:
            raise ConfigError(
                f"--{option.replace('_', '-')} goes with --print; a worker that starts here takes --gpus and --slots."
            )


def _known_kinds(text: str | None) -> tuple[str, ...]:
    from steer.messages import KINDS

    kinds = tuple(_list(text)) if text is not None else ()
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or (text is not None and not kinds):
        raise ConfigError(f"--kinds {text!r}: the kinds of job are {', '.join(KINDS)}.")
    return kinds


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _gpus(text: str | None) -> list[str] | None:
    if text is None or text == "all":
        return None
    return [] if text == "none" else _list(text)


def _seconds(text: str | None) -> float | None:
    """Seconds in a time given with a unit."""
    if text is None:
        return None
    from steer.quantities import parse

    try:
        return parse(text, "ps") * 1e-12
    except ValueError as error:
        raise ConfigError(
            f"--walltime {text!r} is no time with a unit; write for example '4 h' or '90 min'."
        ) from error


def _checked_name(name: str | None) -> str | None:
    import re

    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ConfigError(f"--name {name!r}: use letters, digits, '.', '_' and '-'.")
    return name
