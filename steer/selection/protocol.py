"""The `Selector` seam: which k of the candidates, given what was selected before.

A selector ranks latent points of one model version; it never sees frames or files. What must hold for every rule (sane
frames only, a share of random picks, a target) is put around it in `steer.selection.choose`; `ask` is how a rule is
called.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from steer.selection.reach import Reach

__all__ = ["Picks", "Pool", "Selector", "Yields", "ask"]


@dataclass(frozen=True)
class Yields:
    """What simulations have brought, by the number of the parent whose frames they started from.

    Attributes
    ----------
    starts : ndarray, shape (p,), int64
        Simulations started from frames of each parent.
    gains : ndarray, shape (p,), float64
        Cells of the map that the parent itself and those simulations were the first to see.
    """

    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    gains: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Pool:
    """What there is to choose from.

    Attributes
    ----------
    points : ndarray, shape (n, d)
        Latent points of the candidates.
    selected : ndarray, shape (m, d)
        Latent points chosen before, in the same latent space; may be empty.
    parents : ndarray, shape (n,), int
        Number of the simulation that each candidate comes from.
    room : ndarray, shape (n,), int
        How many picks may come from its parent; 0 for a candidate that may not be picked, but is there all the same
        where a rule looks at density.
    yields : Yields
        Of the parents; a parent beyond its end has had no start and no gain.
    reach : Reach or None
        What is known of the candidates' distances to the first `reach.chosen` of `selected`; a rule may learn more of
        them, but adds nothing to the chosen ones.
    """

    points: NDArray[np.floating]
    selected: NDArray[np.floating]
    parents: NDArray[np.integer]
    room: NDArray[np.integer]
    yields: Yields = field(default_factory=Yields)
    reach: Reach | None = None

    def __len__(self) -> int:
        return len(self.points)

    def after(self, picks: Picks) -> Self:
        """The same pool once these are picked: they are selected, and their parents have less room."""
        room = self.room.copy()
        parents, counts = np.unique(self.parents[picks.indices], return_counts=True)
        siblings = np.flatnonzero(np.isin(self.parents, parents))
        lost = counts[np.searchsorted(parents, self.parents[siblings])]
        room[siblings] = np.maximum(room[siblings] - lost, 0)
        room[picks.indices] = 0
        known = np.concatenate([self.selected.reshape(-1, self.points.shape[1]), self.points[picks.indices]])
        return replace(self, selected=known, room=room)


@dataclass(frozen=True)
class Picks:
    """What a selector chose.

    Attributes
    ----------
    indices : ndarray, shape (k,), int64
        Rows of the candidates, in the order they were picked.
    scores : ndarray, shape (k,), float64
        The rule's score of each when it was picked; larger is more novel. NaN where the rule has none.
    rules : tuple of str
        The rule behind each pick, where the selector asks others; otherwise empty.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float64]
    rules: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Self:
        """No pick at all."""
        return cls(np.empty(0, np.int64), np.empty(0))

    def and_then(self, others: Picks) -> Self:
        """These, and others of the same pool after them."""
        return replace(
            self,
            indices=np.concatenate([self.indices, others.indices]),
            scores=np.concatenate([self.scores, others.scores]),
            rules=self.rules + others.rules,
        )


class Selector(Protocol):
    """One rule."""

    name: str

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose up to `count` candidates; called by `ask`, never with nothing to choose from.

        Parameters
        ----------
        pool : Pool
            At least one candidate.
        count : int
            Points wanted, at least one; fewer come back when candidates and room do not allow more.
        rng : numpy.random.Generator
            The only source of randomness.
        """


def ask(selector: Selector, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
    """What a selector chooses; nothing when there is nothing to choose from, or nothing is wanted."""
    if count < 1 or not len(pool):
        return Picks.none()
    return selector.select(pool, count, rng)
