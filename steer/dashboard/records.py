"""What the journal says, read again only when it has changed and never so often that reading is all we do."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from steer.journal import ForceField, JobRow, Journal, Model, Promotion, Seed, Simulation

__all__ = ["JournalCache", "Records"]

AT_MOST_EVERY = 0.5
"""s between two readings."""

SHARE = 0.05
"""Of the time that may be spent on reading the journal of a very large campaign."""


@dataclass(frozen=True)
class Records:
    """The journal as it was at one time.

    Attributes
    ----------
    decisions : list of (int, str, str, str)
        Round, action, subject and reason, oldest first.
    """

    seeds: list[Seed]
    simulations: list[Simulation]
    promotions: list[Promotion]
    models: list[Model]
    force_fields: list[ForceField]
    jobs: list[JobRow]
    decisions: list[tuple[int, str, str, str]]

    def trained(self) -> Model | None:
        """The newest latent model; None before the first."""
        return next((model for model in reversed(self.models) if model.state == "done"), None)


class JournalCache:
    """Reads a journal beside its coordinator, or after it. May be called from any thread.

    Parameters
    ----------
    path : Path
        ``journal.db``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._records: Records | None = None
        self._signature: tuple[tuple[int, int], ...] = ()
        self._not_before = 0.0

    def read(self) -> Records:
        """The newest records.

        Raises
        ------
        JournalError
            When the journal is missing or damaged.
        """
        with self._lock:
            now = time.monotonic()
            if self._records is None or (now >= self._not_before and self._signature != self._signed()):
                self._signature = self._signed()
                self._records = self._read()
                took = time.monotonic() - now
                self._not_before = now + max(AT_MOST_EVERY, took / SHARE)
            return self._records

    def _signed(self) -> tuple[tuple[int, int], ...]:
        """Changes whenever somebody writes to the journal: size and time of the file and of its log (WAL)."""
        signature = []
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            signature.append((found.st_size, found.st_mtime_ns))
        return tuple(signature)

    def _read(self) -> Records:
        journal = Journal(self._path, read_only=True)
        try:
            return Records(
                seeds=journal.seeds(),
                simulations=journal.simulations(),
                promotions=journal.promotions(),
                models=journal.models(),
                force_fields=journal.force_fields(),
                jobs=journal.jobs(),
                decisions=journal.decisions(),
            )
        finally:
            journal.close()
