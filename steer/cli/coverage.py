"""`steer coverage`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steer.cli.log import log_options
from steer.cli.report import OK

if TYPE_CHECKING:
    from steer.coverage.table_files import TableFormat

__all__ = ["coverage"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder to write to [default: RUN/plots].")
@click.option(
    "--axes",
    multiple=True,
    metavar="X,Y",
    help="Draw a free energy over two collective variables, or latent_1, latent_2, …; may be repeated "
    "[default: the first two collective variables of the campaign file].",
)
@click.option(
    "--table",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Format of the tables; parquet needs pyarrow (pip install 'steer[parquet]').",
)
@click.option("--json", "as_json", is_flag=True, help="Print the list of files as JSON.")
@log_options
def coverage(run: Path, output: Path | None, axes: tuple[str, ...], table: TableFormat, as_json: bool) -> int:
    """Draw what the campaign in directory RUN has explored.

    Writes pictures as PNG and SVG, pages to zoom in as HTML, and the numbers behind them as tables: latent density,
    coverage with its control and the lineage of seeds; measures of coverage; free energies; first visits of named
    states; a Markov model; selection, model and refinement; latency and throughput. docs/coverage.md explains each.
    Works while the campaign runs and after. `steer report` puts all of it into one file.
    """
    return draw_coverage(run, output, axes, table, as_json)


def draw_coverage(
    run: Path, output: Path | None, axes: Sequence[str], table: TableFormat, as_json: bool
) -> int:
    """Read, draw, print the files; returns the exit code."""
    from steer.campaign import CampaignDirectory
    from steer.config import load_config
    from steer.coverage.axes import parse_axes
    from steer.coverage.data import load_coverage_data
    from steer.coverage.report import write_coverage

    directory = CampaignDirectory.open(run)
    config = load_config(directory.config)
    pairs = parse_axes(axes, [collective.name for collective in config.collective])
    files = write_coverage(load_coverage_data(directory, config), output or directory.plots, pairs, table)
    click.echo(json.dumps([str(file) for file in files]) if as_json else "\n".join(map(str, files)))
    return OK
