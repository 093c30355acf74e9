"""Writing tables as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from sims.files import write_atomic
from steer.exceptions import EnvironmentNotReady

__all__ = ["TableFormat", "need", "write_table"]

TableFormat = Literal["csv", "parquet"]


def need(format: TableFormat) -> None:
    """Make sure that tables of a format can be written.

    Raises
    ------
    EnvironmentNotReady
        When pyarrow is missing, which Parquet needs.
    """
    from importlib.util import find_spec

    if format == "parquet" and find_spec("pyarrow") is None:
        raise EnvironmentNotReady(
            "Parquet tables need pyarrow: pip install 'steer[parquet]', or write them as CSV, which needs nothing."
        )


def write_table(path: Path, rows: Iterable[Sequence[object]], format: TableFormat = "csv") -> Path:
    """Write one table, whole or not at all.

    Parameters
    ----------
    path : Path
        Without its ending, which the format gives.
    rows : iterable of sequence
        The names of the columns first.
    format : {"csv", "parquet"}

    Returns
    -------
    Path
        The file.
    """
    file = path.with_name(f"{path.name}.{format}")
    if format == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        write_atomic(file, text.getvalue())
    else:
        _write_parquet(file, rows)
    return file


def _write_parquet(file: Path, rows: Iterable[Sequence[object]]) -> None:
    import pyarrow
    from pyarrow import parquet

    header, *body = [[str(value) for value in row] for row in rows]
    columns = zip(*body, strict=True) if body else [() for _ in header]
    table = pyarrow.table({name: _typed(list(column)) for name, column in zip(header, columns, strict=True)})
    temporary = file.with_name(f".{file.name}.tmp")
    parquet.write_table(table, temporary)
    temporary.replace(file)


def _typed(column: list[str]) -> list[Any]:
    """Whole numbers where all are, numbers where all are, text otherwise; empty cells are nulls."""
    for kind in (int, float):
        try:
            return [kind(value) if value else None for value in column]
        except ValueError:
            continue
    return [value or None for value in column]
