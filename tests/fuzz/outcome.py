"""What became of one input, and the tally of many."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

__all__ = ["LIMIT", "Finding", "Hang", "Silent", "Tally", "Target", "run"]

LIMIT = 10.0
"""s of processor time for one input; sound ones of these sizes take milliseconds."""

KEPT = 20
"""Findings of one kind and place that are kept with their input."""


class Hang(BaseException):
    """The reader did not come back in time. Not an Exception, so that no reader swallows it."""


class Silent(AssertionError):
    """The input was accepted as something that it is not."""


class Target(Protocol):
    """One reader and what it is fed.

    Attributes
    ----------
    name : str
    refusals : tuple of type
        The errors with which it may refuse.
    """

    name: str
    refusals: tuple[type[Exception], ...]

    def make(self, random: Random) -> Any:
        """The next input."""

    def read(self, item: Any) -> Any:
        """What the reader under test makes of it."""

    def check(self, item: Any, found: Any) -> None:
        """Raises `Silent` when this is not what the input says."""


@dataclass(frozen=True)
class Finding:
    """An input that was not dealt with as it must be."""

    kind: str
    where: str
    detail: str
    item: Any = field(repr=False)


@dataclass
class Tally:
    """How many inputs were accepted and refused, and the findings."""

    name: str
    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: str, error: BaseException, item: Any) -> None:
        """Count a finding, and keep the first ones of its kind and place."""
        where = _place(error)
        self.counts[kind, where] += 1
        if self.counts[kind, where] <= KEPT:
            self.findings.append(Finding(kind, where, f"{type(error).__name__}: {error}"[:300], item))

    def found(self, kind: str) -> int:
        """Findings of this kind."""
        return sum(count for (found, _), count in self.counts.items() if found == kind)


def run(target: Target, count: int, seed: int) -> Tally:
    """Feed `count` inputs to a target; the same seed makes the same inputs."""
    random, tally = Random(f"{target.name} {seed}"), Tally(target.name)
    begin = time.perf_counter()
    for _ in range(count):
        item = target.make(random)
        started = time.process_time()
        _one(target, item, tally)
        tally.slowest = max(tally.slowest, time.process_time() - started)
    tally.seconds = time.perf_counter() - begin
    return tally


def _one(target: Target, item: Any, tally: Tally) -> None:
    try:
        with _limited():
            found = target.read(item)
            target.check(item, found)
    except target.refusals:
        tally.refused += 1
    except Silent as error:
        tally.add("silent", error, item)
    except Hang as error:
        tally.add("hang", error, item)
    except Exception as error:
        tally.add("crash", error, item)
    else:
        tally.accepted += 1


@contextmanager
def _limited() -> Iterator[None]:
    def ring(number: int, frame: Any) -> None:
        raise Hang(f"more than {LIMIT:g} s")

    before: Callable[..., Any] | int | None = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _place(error: BaseException) -> str:
    """The innermost of our own lines that the error came through."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if any(f"/{package}/" in code.co_filename for package in ("steer", "sims", "models", "fuzz")):
            place = f"{'/'.join(code.co_filename.split('/')[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
