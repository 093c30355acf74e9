"""The result by kind of strike, as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .trial import Outcome, Record

__all__ = ["table"]

HEAD = [
    "kind",
    "number",
    "recovered",
    "lost frames",
    "double frames",
    "lost jobs",
    "double jobs",
    "median s to recover",
    "longest",
]


def table(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> str:
    """One line a kind, and their sum."""
    records = [record for outcome in outcomes for record in outcome.records]
    lines = [_line(kind, [record for record in records if record.strike.kind == kind]) for kind in kinds]
    body = [HEAD, ["---", *["---:"] * (len(HEAD) - 1)], *lines, _line("all", records)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in body)


def _line(kind: str, records: Sequence[Record]) -> list[str]:
    times = [record.recovered for record in records if record.recovered is not None]
    return [
        kind,
        str(len(records)),
        str(len(times)),
        str(sum(len(record.lost_frames) for record in records)),
        str(sum(len(record.double_frames) for record in records)),
        str(sum(len(record.lost_jobs) for record in records)),
        str(sum(len(record.double_jobs) for record in records)),
        f"{median(times):.1f}" if times else "-",
        f"{max(times):.1f}" if times else "-",
    ]
