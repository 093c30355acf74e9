"""Lines of a GROMACS topology file: comments, conditions, macros and sections resolved, each line knowing its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from sims.exceptions import TopologyError

__all__ = ["Line", "read_lines"]


@dataclass(frozen=True)
class Line:
    """The words of one line, and where it stands.

    Attributes
    ----------
    section : str
        The directive it stands under (``atoms``); empty before the first.
    words : tuple of str
        What it says, without comment, macros replaced; empty for the header of a section itself.
    file : str
    number : int
        Line number, counted from one.
    """

    section: str
    words: tuple[str, ...]
    file: str
    number: int

    def error(self, problem: str) -> TopologyError:
        """A `TopologyError` that points at this line."""
        return TopologyError(problem, self.file, self.number)

    def integer(self, position: int) -> int:
        """The word at `position` as a whole number."""
        word = self._word(position)
        try:
            return int(word)
        except ValueError:
            raise self.error(f"{word!r} stands where a whole number was expected.") from None

    def number_at(self, position: int) -> float:
        """The word at `position` as a finite number."""
        word = self._word(position)
        try:
            value = float(word)
        except ValueError:
            raise self.error(f"{word!r} stands where a number was expected.") from None
        if not math.isfinite(value):
            raise self.error(f"{word!r} stands where a finite number was expected.")
        return value

    def _word(self, position: int) -> str:
        if position >= len(self.words):
            raise self.error(
                f"[ {self.section} ] needs at least {position + 1} fields; this line has {len(self.words)}."
            )
        return self.words[position]


def read_lines(path: Path, defines: Set[str] = frozenset()) -> Iterator[Line]:
    """Meaningful lines of a topology file.

    Parameters
    ----------
    path : Path
    defines : set of str, optional
        Names taken as defined from outside, as with GROMACS' ``-D``.

    Yields
    ------
    Line
        One for each section header (without words) and for each line with words.

    Raises
    ------
    TopologyError
        On broken conditions, ``#include``, unknown preprocessor lines, or a file that is no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TopologyError(f"The file is not text ({error.reason}).", path) from error
    except OSError as error:
        raise TopologyError(f"The file cannot be read: {error.strerror}.", path) from error
    return _parse(text, str(path), defines)


def _parse(text: str, file: str, defines: Set[str]) -> Iterator[Line]:
    preprocessor = _Preprocessor(file, defines)
    section = ""
    number = 0
    for number, raw in _joined(text):
        content = raw.partition(";")[0].strip()
        if not content:
            continue
        if content.startswith("#"):
            preprocessor.directive(content, number)
        elif not preprocessor.active:
            continue
        elif content.startswith("["):
            if not content.endswith("]"):
                raise TopologyError("A section header must end with ']'.", file, number)
            section = "".join(content[1:-1].split())
            yield Line(section, (), file, number)
        else:
            yield Line(section, preprocessor.expand(content), file, number)
    preprocessor.finish(number)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, those ending in a backslash joined to the next."""
    pending, begin = "", 0
    for number, raw in enumerate(text.split("\n"), 1):
        begin = begin if pending else number
        if raw.rstrip().endswith("\\"):
            pending += raw.rstrip()[:-1] + " "
            continue
        yield begin, pending + raw
        pending = ""
    if pending:
        yield begin, pending


class _Preprocessor:
    """The small part of the C preprocessor that topology files use."""

    def __init__(self, file: str, defines: Set[str]) -> None:
        self._file = file
        self._macros: dict[str, tuple[str, ...]] = dict.fromkeys(defines, ())
        self._conditions: list[bool] = []

    @property
    def active(self) -> bool:
        return all(self._conditions)

    def expand(self, content: str) -> tuple[str, ...]:
        """Words of a line, each macro with a value replaced by it (once: values are not expanded again)."""
        if not self._macros:
            return tuple(content.split())
        return tuple(part for word in content.split() for part in self._macros.get(word) or (word,))

    def directive(self, content: str, number: int) -> None:
        words = content[1:].split()
        keyword = words[0] if words else ""
        if keyword in ("ifdef", "ifndef"):
            self._require(len(words) == 2, f"#{keyword} needs one name.", number)
            self._conditions.append((words[1] in self._macros) == (keyword == "ifdef"))
        elif keyword in ("else", "endif"):
            self._require(bool(self._conditions), f"#{keyword} has no #ifdef before it.", number)
            condition = self._conditions.pop()
            if keyword == "else":
                self._conditions.append(not condition)
        elif not self.active:
            return
        elif keyword == "define":
            self._require(len(words) >= 2, "#define needs a name.", number)
            self._macros[words[1]] = tuple(words[2:])
        elif keyword == "include":
            raise TopologyError(
                "#include is not followed; read the included file by itself.", self._file, number
            )
        else:
            raise TopologyError(f"#{keyword} is not known.", self._file, number)

    def finish(self, number: int) -> None:
        self._require(not self._conditions, "An #ifdef or #ifndef is not closed by #endif.", number)

    def _require(self, condition: bool, problem: str, number: int) -> None:
        if not condition:
            raise TopologyError(problem, self._file, number)
