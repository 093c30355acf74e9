"""`steer dashboard`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK

__all__ = ["dashboard"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1 [default: 8417, or the next free one; 0: any].",
)
@click.option("--redis", metavar="URL", help="Server of the campaign, when it is not its own.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="Take the token from this file's first line."
)
@click.option("--json", "as_json", is_flag=True, help="Print addresses and token as one JSON object.")
@log_options
def dashboard(run: Path, port: int | None, redis: str | None, token_file: Path | None, as_json: bool) -> int:
    """Show the campaign in directory RUN in a browser: live while it runs, and after it has ended.

    Prints the address to open. The page needs no internet, is reachable from this machine only, and changes nothing.
    Ctrl-C ends the dashboard; the campaign goes on.
    """
    return show_dashboard(run, port, redis, token_file, as_json)


def show_dashboard(
    run: Path, port: int | None, redis: str | None, token_file: Path | None, as_json: bool
) -> int:
    """Serve until Ctrl-C; returns the exit code."""
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.dashboard.explorer import Explorer
    from steer.dashboard.serving import addresses, listen, serve, token_from

    directory = CampaignDirectory.open(run)
    token = token_from(token_file)
    explorer = Explorer(directory, load_config(directory.config), redis)
    with listen(port) as listener:
        number = listener.getsockname()[1]
        where = addresses(number, token)
        if as_json:
            click.echo(json.dumps({**where, "port": number, "token": token}))
        else:
            click.echo(f"Open:                 {where['url']}")
            click.echo(f"From another machine: {where['ssh']}   (then open the address above there)")
            click.echo("Ctrl-C ends the dashboard; the campaign goes on.", err=True)
        try:
            serve(explorer, listener, token)
        except KeyboardInterrupt:
            click.echo("The dashboard has ended.", err=True)
    return OK
