"""What the coordinator tells of itself: the status file and what is new in it, no more often than that may cost."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sims.files import write_atomic
from steer.explainer import Explainer

if TYPE_CHECKING:
    from steer.messages import RefineResult
    from steer.observer import Observer
    from steer.status import Status

__all__ = ["Teller", "refinement_sentence", "write_status"]

STATUS_EVERY = 1.0
"""s between two status files, at least."""

STATUS_SHARE = 0.02
"""Share of the time that writing status files may take: with ten thousand jobs to list they come less often."""

REMEMBERED = 60
"""Status files over which rates are taken."""


class Teller:
    """Writes a campaign's status when it is time, and tells the observer.

    Parameters
    ----------
    path : Path
        ``status.json``.
    observer : Observer
    """

    def __init__(self, path: Path, observer: Observer) -> None:
        self._path, self._observer = path, observer
        self._history: deque[tuple[float, int, float]] = deque(maxlen=REMEMBERED)
        self._explainer = Explainer()
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time for another status."""
        return time.monotonic() >= self._next

    def remember(self, frames: int, cg_time: float) -> list[tuple[float, int, float]]:
        """Note how many frames and how much CG simulation (ps) there are now; returns the latest such notes, timed."""
        self._history.append((time.monotonic(), frames, cg_time))
        return list(self._history)

    def tell(self, make: Callable[[], Status]) -> None:
        """Write the status that `make` gives, and say what is new in it."""
        began = time.monotonic()
        status = make()
        write_status(self._path, status)
        for news in self._explainer.news(status):
            self._observer.event(news)
        self._observer.update(status)
        now = time.monotonic()
        self._next = now + max(STATUS_EVERY, (now - began) / STATUS_SHARE)


def write_status(path: Path, status: Status) -> None:
    """Write ``status.json``, whole or not at all."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(status)), durable=False)


def refinement_sentence(result: RefineResult, seed: int) -> str:
    """What came of a refinement, for the log; `seed` is the number of the seed that it gave."""
    tries = f"{result.backmapper}, attempt {result.attempts}"
    if result.accepted:
        return f"{result.simulation} accepted ({tries}); its end is seed {seed}"
    return f"{result.simulation} rejected ({tries}): {'; '.join(result.reasons)}"
