"""`steer run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from steer.cli.log import log_options
from steer.cli.report import INTERRUPTED, OK, STOPPED

if TYPE_CHECKING:
    from steer.launch import LaunchOptions

__all__ = ["run"]


@click.command()
@click.argument("source", metavar="CAMPAIGN.TOML|DIRECTORY", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--directory", type=click.Path(path_type=Path), help="Campaign directory [default: beside the file]."
)
@click.option(
    "--redis", metavar="URL", help="Join this server instead of starting one; no local worker unless --slots."
)
@click.option(
    "--until", metavar="GOALS", help="Goals instead of the file's: '50 us, 20 refinements', '2 h wall'."
)
@click.option(
    "--extend",
    metavar="GOALS",
    help="Raise the campaign's goals by so much: '50 us'. Repeated, it counts once.",
)
@click.option(
    "--slots", type=click.IntRange(min=0), help="Jobs at once on this machine; 0 for no local worker."
)
@click.option("--listen", metavar="HOST[:PORT]", help="Let workers on other machines reach the server here.")
@click.option("--quiet-progress", is_flag=True, help="No bars and no progress lines.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@log_options
def run(
    source: Path,
    directory: Path | None,
    redis: str | None,
    until: str | None,
    extend: str | None,
    slots: int | None,
    listen: str | None,
    quiet_progress: bool,
    as_json: bool,
) -> int:
    """Start a campaign, or resume it when its directory exists.

    Starts a Redis server and a local worker with it (one slot for each GPU, otherwise one for each CPU core). More
    workers may attach at any time with `steer worker`. Ctrl-C stops it; the same command resumes it.
    """
    from steer.launch import LaunchOptions

    options = LaunchOptions(source, directory, redis, until, slots, listen, quiet_progress, extend)
    return run_campaign(options, as_json)


def run_campaign(options: LaunchOptions, as_json: bool) -> int:
    """Run, print the summary, and say what to do next; returns the exit code."""
    from steer.ending import ending_of
    from steer.launch import launch

    outcome = launch(options)
    ending = ending_of(outcome.directory, outcome.phase, outcome.reason)
    click.echo(ending.as_json() if as_json else ending.as_text())
    if outcome.phase == "finished":
        return OK
    return INTERRUPTED if outcome.interrupted else STOPPED
