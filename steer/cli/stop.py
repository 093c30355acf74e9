"""`steer stop`."""

from __future__ import annotations

from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK

__all__ = ["stop"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--now", is_flag=True, help="Do not wait for jobs to save their state; they resume from the last one."
)
@log_options
def stop(run: Path, now: bool) -> int:
    """Stop the campaign in directory RUN. Running jobs save their state; `steer run RUN` resumes it."""
    return stop_campaign(run, now)


def stop_campaign(run: Path, now: bool) -> int:
    """Ask the coordinator to stop and wait until it has; returns the exit code."""
    from steer.campaign import CampaignDirectory
    from steer.launch import request_stop, wait_until_stopped

    directory = CampaignDirectory.open(run)
    request_stop(directory, now=now)
    wait_until_stopped(directory)
    click.echo(f"Stopped. Resume with: steer run {run}")
    return OK
