"""`steer coverage`: the figures as PNG, SVG and HTML, with the numbers behind them as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steer.coverage.analysis import analyse
from steer.coverage.data import CoverageData
from steer.coverage.figures import all_figures
from steer.coverage.pages import write_pages
from steer.coverage.table_files import TableFormat, need, write_table
from steer.coverage.tables import TABLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["save_figure", "write_coverage"]


def write_coverage(
    data: CoverageData, folder: Path, axes: Sequence[tuple[str, str]] = (), table: TableFormat = "csv"
) -> list[Path]:
    """Compute, draw and write everything; returns the files, the picture of coverage first, tables last.

    Parameters
    ----------
    data : CoverageData
    folder : Path
        Made when missing. Files of an earlier call are replaced.
    axes : sequence of (str, str)
        Names of axes to draw free energies over, beside those over the latent space.
    table : {"csv", "parquet"}

    Raises
    ------
    ConfigError
        When there is no axis of a name.
    EnvironmentNotReady
        When what the tables' format needs is not installed.
    """
    need(table)
    analysis = analyse(data, axes)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [
        save_figure(figure, folder / f"{name}.{format}")
        for name, figure in all_figures(data, analysis).items()
        for format in ("png", "svg")
    ]
    pages = write_pages(data, analysis, folder)
    tables = [write_table(folder / name, rows(data, analysis), table) for name, rows in TABLES.items()]
    return [*pictures, *pages, *tables]


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure in the format that the file's ending names, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    figure.savefig(temporary, dpi=150, format=path.suffix[1:])
    temporary.replace(path)
    # The layout is found: the same figure in another format need not look for it again.
    figure.set_layout_engine("none")
    return path
