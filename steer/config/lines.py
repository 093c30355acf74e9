"""Where in a TOML text each key stands, found with the parser itself: `tomllib` does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

__all__ = ["key_lines"]

Key = tuple[str, ...]

PATIENCE = 200
"""Lines of one value that are tried one by one."""

DEEPEST = 30
"""Keys nested deeper than this have no line of their own."""


def key_lines(source: str) -> dict[Key, int]:
    """Line of each table and key of a valid TOML text.

    Statements are taken one by one: lines are gathered until they parse, so that values over several lines, quoted
    and dotted keys are understood as the parser understands them. Beyond `PATIENCE` lines not every line is tried, so
    that the time does not grow with the square of a value's length; keys right after such a value may be told on its
    line.

    Parameters
    ----------
    source : str
        Valid TOML.

    Returns
    -------
    dict of tuple of str to int
        Path of the key to its line, counted from one; the first one when a table is named twice. The tables of an
        array, as ``[[state]]``, have their number from zero in the path.
    """
    found: dict[Key, int] = {}
    table: Key = ()
    arrays: dict[Key, int] = {}
    for line, statement in _statements(source):
        keys = list(_paths(tomllib.loads(statement)))
        if statement.lstrip().startswith("["):
            table = _numbered(max(keys, key=len), statement.lstrip().startswith("[["), arrays)
            keys = [table[:depth] for depth in range(1, len(table) + 1)]
        else:
            keys = [table + key for key in keys]
        for key in keys:
            found.setdefault(key, line)
    return found


def _numbered(table: Key, is_array: bool, arrays: dict[Key, int]) -> Key:
    """The path of a table, with the numbers of the arrays it is in; counts the tables of each."""
    path: Key = ()
    for depth, name in enumerate(table, start=1):
        path = (*path, name)
        if is_array and depth == len(table):
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, str(arrays[path]))
    return path


def _statements(source: str) -> Iterator[tuple[int, str]]:
    gathered: list[str] = []
    first, due = 1, 1
    lines = source.split("\n")
    last = len(lines)
    for number, line in enumerate(lines, start=1):
        if not gathered:
            first = number
        gathered.append(line)
        if len(gathered) < due and number < last:
            continue
        statement = "\n".join(gathered)
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            due = len(gathered) + 1 if len(gathered) < PATIENCE else 2 * len(gathered)
            continue
        if parsed:
            yield first, statement
        gathered, due = [], 1


def _paths(tree: Any, above: Key = ()) -> Iterator[Key]:
    if len(above) > DEEPEST:
        return
    if isinstance(tree, list):
        for item in tree:
            yield from _paths(item, above)
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield (*above, name)
            yield from _paths(value, (*above, name))
