"""`steer coverage`: the figures as PNG and SVG, with the numbers behind them as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sims.files import write_atomic
from steer.coverage.analysis import analyse
from steer.coverage.data import CoverageData
from steer.coverage.figures import all_figures
from steer.coverage.tables import TABLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_coverage"]


def write_coverage(data: CoverageData, folder: Path) -> list[Path]:
    """Compute, draw and write everything; returns the files, the picture of coverage first, tables last.

    Parameters
    ----------
    data : CoverageData
    folder : Path
        Made when missing. Files of an earlier call are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    analysis = analyse(data)
    pictures = [
        _save(figure, folder / f"{name}.{format}")
        for name, figure in all_figures(data, analysis).items()
        for format in ("png", "svg")
    ]
    tables = [_write_table(folder / f"{name}.csv", rows(data, analysis)) for name, rows in TABLES.items()]
    return [*pictures, *tables]


def _save(figure: Figure, path: Path) -> Path:
    temporary = path.with_name(f".{path.name}.tmp")
    figure.savefig(temporary, dpi=150, format=path.suffix[1:])
    temporary.replace(path)
    # The layout is found: the same figure in another format need not look for it again.
    figure.set_layout_engine("none")
    return path


def _write_table(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_atomic(path, text.getvalue())
    return path
