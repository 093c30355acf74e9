"""`steer report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK

__all__ = ["report"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), help="File to write [default: RUN/plots/report.html]."
)
@click.option(
    "--axes",
    multiple=True,
    metavar="X,Y",
    help="Show a free energy over two collective variables, or latent_1, latent_2, …; may be repeated "
    "[default: the first two collective variables of the campaign file].",
)
@log_options
def report(run: Path, output: Path | None, axes: tuple[str, ...]) -> int:
    """Write all about the campaign in directory RUN into one HTML file.

    It holds every figure, a methods text, tables, all parameters, versions and the references to cite, and opens
    without a network. Works while the campaign runs and after.
    """
    return make_report(run, output, axes)


def make_report(run: Path, output: Path | None, axes: Sequence[str]) -> int:
    """Read, compute, write and print the file; returns the exit code."""
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.coverage.analysis import analyse
    from steer.coverage.axes import parse_axes
    from steer.coverage.data import load_coverage_data
    from steer.report.molecule import describe_molecule
    from steer.report.page import write_report

    directory = CampaignDirectory.open(run)
    config = load_config(directory.config)
    pairs = parse_axes(axes, [collective.name for collective in config.collective])
    data = load_coverage_data(directory, config)
    molecule = describe_molecule(directory, config)
    path = write_report(
        output or directory.plots / "report.html", config, data, analyse(data, pairs), molecule
    )
    click.echo(str(path))
    return OK
