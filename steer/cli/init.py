"""`steer init`."""

from __future__ import annotations

from pathlib import Path

import click

from steer.cli.log import log_options
from steer.cli.report import OK

__all__ = ["init"]


@click.command()
@click.option(
    "--from",
    "source",
    metavar="FILE|SEQUENCE",
    help="PDB or mmCIF file, or a one-letter sequence; chains by ':'.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("campaign.toml"),
    show_default=True,
    help="File to write.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@log_options
def init(source: str | None, output: Path, force: bool) -> int:
    """Write a commented campaign file.

    The molecule is prepared first, so that a problem with it is known before anything runs. Without --from the file
    describes the Trp-cage mini-protein, a complete example.
    """
    return write(source, output, force)


def write(source: str | None, output: Path, force: bool) -> int:
    """Write the file and say what comes next; returns the exit code."""
    from steer.first_file import write_first_file

    written = write_first_file(source, output, force=force)
    for note in written.structure.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"Wrote {output} for {written.structure.sequence}.")
    click.echo(f"Next: steer validate {output}\n      steer run {output}")
    return OK
