"""When a job is given up: after three deaths on different workers without getting any further.

A job's process may die because of the job, or because of the machine, or because somebody killed it. So a death that
follows progress starts the count anew, and as long as a worker is there on which the job has not died, that one is to
try before the job is set aside.
"""

from __future__ import annotations

import msgspec

from steer.jobs.wire import Went

__all__ = ["Strikes", "decode_strikes", "offered_for"]

ENOUGH = 3
"""Deaths in a row, without progress, that are enough."""

_BEFORE_ANY_WORK = "starting"
_OFFERED = 15.0
_LONGEST = 600.0


class Strikes(msgspec.Struct, frozen=True):
    """How often a job's process has died, and where.

    Attributes
    ----------
    in_a_row : int
        Since it last got further than before.
    reached : dict of str to float
        How far it ever got, by phase.
    workers : list of str
        On which it died since then, each once.
    """

    in_a_row: int = 0
    reached: dict[str, float] = {}
    workers: list[str] = []

    def another(self, went: Went, worker: str) -> Strikes:
        """With a death more."""
        if went.phase != _BEFORE_ANY_WORK and went.fraction > self.reached.get(went.phase, -1.0):
            return Strikes(1, {**self.reached, went.phase: went.fraction}, [worker])
        workers = self.workers if worker in self.workers else [*self.workers, worker]
        return Strikes(self.in_a_row + 1, self.reached, workers)

    def enough(self, able: int) -> bool:
        """Whether the job is to be set aside, when so many attached workers accept its kind."""
        everywhere = len(self.workers) >= min(ENOUGH, max(able, 1))
        return self.in_a_row >= ENOUGH and everywhere


def decode_strikes(text: bytes | None) -> Strikes:
    """From Redis; none when nothing, or nothing readable, is there."""
    try:
        return msgspec.json.decode(text or b"{}", type=Strikes)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Strikes()


def offered_for(deaths: int) -> float:
    """Seconds for which a worker leaves a job to others, after so many deaths of it there."""
    return min(_LONGEST, _OFFERED * 2.0 ** min(deaths - 1, 10))
