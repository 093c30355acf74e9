"""The columns of the frame store that decisions read: kept in memory, grown as rows come, one entry a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from steer.shards import LEVELS

__all__ = ["COLUMNS", "Columns"]

COLUMNS = np.dtype(
    [("level", "u1"), ("number", "<u4"), ("force_field", "<u4"), ("step", "<i8"), ("time", "<f8")]
)
"""Fields of a record that are kept, as records have them."""

_NAMES = np.array([*LEVELS, ""])


class Columns:
    """Arrays that grow. `level` holds names, ``""`` for a damaged row; the others hold what the records say."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.empty(1024, _NAMES.dtype if name == "level" else COLUMNS[name])
            for name in COLUMNS.fields or ()
        }
        self._count = 0
        self._of_level = dict.fromkeys(_NAMES.tolist(), 0)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, name: str) -> NDArray[Any]:
        view = self._arrays[name][: self._count]
        view.flags.writeable = False
        return view

    def count(self, level: str) -> int:
        """Rows of a level."""
        return self._of_level[level]

    def extend(self, records: NDArray[np.void]) -> None:
        """Take over the columns of further records, or of a table of type `COLUMNS`."""
        stop = self._count + len(records)
        self._reserve(stop)
        names = _NAMES[np.minimum(records["level"], len(LEVELS))]
        for name, array in self._arrays.items():
            array[self._count : stop] = names if name == "level" else records[name]
        self._tally(names, +1)
        self._count = stop

    def mask(self, rows: NDArray[np.int64]) -> None:
        """These rows are damaged: they are of no level."""
        levels = self._arrays["level"]
        self._tally(levels[rows], -1)
        levels[rows] = ""
        self._tally(levels[rows], +1)

    def _tally(self, names: NDArray[np.str_], sign: int) -> None:
        for name, count in zip(*np.unique(names, return_counts=True), strict=True):
            self._of_level[str(name)] += sign * int(count)

    def _reserve(self, rows: int) -> None:
        for name, array in self._arrays.items():
            if rows > len(array):
                grown = np.empty(max(rows, 2 * len(array)), array.dtype)
                grown[: self._count] = array[: self._count]
                self._arrays[name] = grown
