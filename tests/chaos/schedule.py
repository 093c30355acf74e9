"""What is done to a campaign, and when: drawn from a seed before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Strike", "schedule"]

CALM = (0.3, 5.0)
"""s between two strikes; the first may not be over when the second comes."""


@dataclass(frozen=True)
class Strike:
    """One disturbance.

    Attributes
    ----------
    kind : str
    after : float
        s after the strike before it.
    dice : int
        Seed of whatever else the kind leaves open: which worker, how long, how many bytes.
    """

    kind: str
    after: float
    dice: int


def schedule(
    kinds: Sequence[str], count: int, seed: int, trial: int = 0, calm: tuple[float, float] = CALM
) -> list[Strike]:
    """`count` strikes for one trial: every kind about as often, in random order, at random intervals (s)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(trial,)))
    deck: list[str] = []
    while len(deck) < count:
        deck += [kinds[i] for i in rng.permutation(len(kinds))]
    return [Strike(kind, float(rng.uniform(*calm)), int(rng.integers(2**31))) for kind in deck[:count]]
