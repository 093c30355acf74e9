"""`steer coverage`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK

__all__ = ["coverage"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder to write to [default: RUN/plots].")
@click.option("--json", "as_json", is_flag=True, help="Print the list of files as JSON.")
@log_options
def coverage(run: Path, output: Path | None, as_json: bool) -> int:
    """Draw what the campaign in directory RUN has explored.

    Writes pictures as PNG and SVG, and the numbers behind them as CSV: latent density, coverage with its control and
    the lineage of seeds; measures of coverage; free energy; selection, model and refinement; latency and throughput.
    docs/coverage.md explains each. Works while the campaign runs and after.
    """
    return draw_coverage(run, output, as_json)


def draw_coverage(run: Path, output: Path | None, as_json: bool) -> int:
    """Read, draw, print the files; returns the exit code."""
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.coverage.data import load_coverage_data
    from steer.coverage.report import write_coverage

    directory = CampaignDirectory.open(run)
    data = load_coverage_data(directory, load_config(directory.config))
    files = write_coverage(data, output or directory.plots)
    click.echo(json.dumps([str(file) for file in files]) if as_json else "\n".join(map(str, files)))
    return OK
