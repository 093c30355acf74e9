"""The columns of the frame store: each read when it is first asked for, kept in memory, grown as rows come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steer.shards import LEVELS

__all__ = ["COLUMNS", "DAMAGED", "UNKNOWN", "Columns", "level_names"]

COLUMNS = np.dtype(
    [("level", "u1"), ("number", "<u4"), ("force_field", "<u4"), ("step", "<i8"), ("time", "<f8")]
)
"""Fields of a record that are kept, as records have them."""

DAMAGED = 0x80
"""Added to the level of a damaged row, whose other columns still say what it was."""

UNKNOWN = 0xFF
"""Level of a damaged row of which nothing is known."""

_NAMES = np.array([*LEVELS, ""])


def level_names(codes: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Names of levels, ``""`` for damaged rows."""
    names: NDArray[np.str_] = _NAMES[np.minimum(codes, len(LEVELS))]
    return names


class Columns:
    """Arrays that grow, each by itself."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.empty(0, COLUMNS[name]) for name in COLUMNS.fields or ()
        }
        self._counts = dict.fromkeys(self._arrays, 0)
        self._of_level = np.zeros(256, np.int64)

    def rows(self, name: str) -> int:
        """Rows of this column that are here."""
        return self._counts[name]

    def __getitem__(self, name: str) -> NDArray[Any]:
        view = self._arrays[name][: self._counts[name]]
        view.flags.writeable = False
        return view

    def count(self, level: str) -> int:
        """Rows of a level, of those whose level is here."""
        return int(self._of_level[LEVELS.index(level)])

    @property
    def damaged(self) -> int:
        """Damaged rows, of those whose level is here."""
        return int(self._of_level[DAMAGED:].sum())

    def reserve(self, name: str, rows: int) -> None:
        """Make room for so many rows in all."""
        array, count = self._arrays[name], self._counts[name]
        if rows > len(array):
            self._arrays[name] = np.empty(rows, array.dtype)
            self._arrays[name][:count] = array[:count]

    def extend(self, name: str, values: ArrayLike) -> None:
        """Add further rows."""
        values = np.asarray(values)
        start, stop = self._counts[name], self._counts[name] + len(values)
        if stop > len(self._arrays[name]):
            self.reserve(name, max(stop, 2 * len(self._arrays[name])))
        self._arrays[name][start:stop] = values
        self._counts[name] = stop
        if name == "level":
            self._of_level += np.bincount(values, minlength=256)

    def mask(self, rows: NDArray[np.int64]) -> None:
        """These rows are damaged: they are of no level."""
        levels = self._arrays["level"]
        self._of_level -= np.bincount(levels[rows], minlength=256)
        levels[rows] |= DAMAGED
        self._of_level += np.bincount(levels[rows], minlength=256)
