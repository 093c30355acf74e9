"""The `Selector` seam: which k of the candidates, given what was selected before.

A selector ranks latent points of one model version; it never sees frames, parents or files. What must hold for every
rule (sane frames only, a cap per parent, a share of random picks) is put around it in `steer.selection.choose`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Picks", "Selector"]


@dataclass(frozen=True)
class Picks:
    """What a selector chose.

    Attributes
    ----------
    indices : ndarray, shape (k,), int64
        Rows of the candidates, in the order they were picked.
    scores : ndarray, shape (k,), float64
        The rule's score of each when it was picked; larger is more novel. NaN where the rule has none.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float64]

    @classmethod
    def none(cls) -> Self:
        """No pick at all."""
        return cls(np.empty(0, np.int64), np.empty(0))


class Selector(Protocol):
    """One rule."""

    name: str

    def select(
        self,
        candidates: NDArray[np.floating],
        selected: NDArray[np.floating],
        count: int,
        groups: NDArray[np.integer],
        cap: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Choose up to `count` candidates.

        Parameters
        ----------
        candidates : ndarray, shape (n, d)
            Latent points to choose from.
        selected : ndarray, shape (m, d)
            Latent points chosen before, in the same latent space; may be empty.
        count : int
            Points wanted; fewer come back when the candidates or the caps do not allow more.
        groups : ndarray, shape (n,), int
            Each candidate's parent.
        cap : int
            Picks from one group at most.
        rng : numpy.random.Generator
            The only source of randomness.
        """
