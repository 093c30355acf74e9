"""How often Python looks for cyclic garbage in a process that keeps very much."""

from __future__ import annotations

import gc

__all__ = ["collect_rarely"]

_THRESHOLDS = (100_000, 20, 100)


def collect_rarely() -> None:
    """Look seldom: a coordinator keeps an object for each job, and every full look goes through all of them.

    What it drops has no cycles and goes at once by its count of references; the looks that remain catch the rest.
    """
    gc.set_threshold(*_THRESHOLDS)
