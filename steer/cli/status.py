"""`steer status`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK
from steer.printable import printable

__all__ = ["status"]

WATCH_EVERY = 2.0
"""s between two looks with --watch."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Look again every two seconds until the campaign ends or Ctrl-C.")
@click.option("--decisions", is_flag=True, help="List every decision with its reason instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@log_options
def status(run: Path, watch: bool, decisions: bool, as_json: bool) -> int:
    """Say what the campaign in directory RUN is doing, and why nothing runs when nothing does."""
    if decisions:
        return show_decisions(run, as_json)
    return show_status(run, watch, as_json)


def show_status(run: Path, watch: bool, as_json: bool) -> int:
    """Print the status, again and again with `watch`; returns the exit code."""
    import msgspec

    from steer.campaign import CampaignDirectory
    from steer.status_report import current_status, describe

    directory = CampaignDirectory.open(run)
    while True:
        now = current_status(directory)
        text = msgspec.json.encode(now).decode() if as_json else describe(now)
        if watch and not as_json:
            click.clear()
        click.echo(text)
        if not watch or now.phase != "running":
            return OK
        time.sleep(WATCH_EVERY)


def show_decisions(run: Path, as_json: bool) -> int:
    """Print the journal's decisions; returns the exit code."""
    import json

    from steer.campaign import CampaignDirectory
    from steer.journal import Journal

    journal = Journal(CampaignDirectory.open(run).journal, read_only=True)
    try:
        rows = journal.decisions()
    finally:
        journal.close()
    if as_json:
        names = ("round", "action", "subject", "reason")
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        for round, action, subject, reason in rows:
            click.echo(printable(f"{round:>5}  {action:<15} {subject:<24} {reason}"))
    return OK
