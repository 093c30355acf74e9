"""What the log says of waiting: each reason when it has stood for some seconds, and not again for a while."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steer.status import Status

__all__ = ["Explainer"]

STANDS = 5
"""Snapshots in a row (about one a second) after which a reason is worth a line."""

QUIET = 600
"""Snapshots in which it is not repeated."""


class Explainer:
    """Turns snapshots of a campaign into lines for its log, few of them."""

    def __init__(self) -> None:
        self._count = 0
        self._reason, self._stood = "", 0
        self._told: dict[str, int] = {}

    def news(self, status: Status) -> list[str]:
        """Lines to log for this snapshot."""
        self._count += 1
        lines = [f"worker refused: {line}" for line in status.refused if self._new(_reason_of(line))]
        reason = _without_numbers(status.waiting)
        self._stood = self._stood + 1 if reason == self._reason else 1
        self._reason = reason
        if reason and status.phase == "running" and self._stood >= STANDS and self._new(reason):
            lines.append(f"waiting: {status.waiting}")
        return lines

    def _new(self, text: str) -> bool:
        told = self._told.get(text)
        if told is not None and self._count - told < QUIET:
            return False
        self._told = {line: count for line, count in self._told.items() if self._count - count < QUIET}
        self._told[text] = self._count
        return True


def _reason_of(line: str) -> str:
    """Without the workers' names: one that is started again and again has another name each time."""
    return line.partition(": ")[2]


def _without_numbers(text: str) -> str:
    """A reason stays the same while its numbers change."""
    return re.sub(r"[0-9][0-9,]*", "#", text)
