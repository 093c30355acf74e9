"""What holds for every selector: a share of the picks is random, and no parent gives more than its cap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steer.selection import make_selector
from steer.selection.protocol import Picks

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class Choice:
    """One pick with its story.

    Attributes
    ----------
    index : int
        Row of the candidates.
    selector : str
        The rule that picked it.
    score : float or None
        The rule's score; None where the rule has none.
    """

    index: int
    selector: str
    score: float | None


def choose(
    candidates: NDArray[np.floating],
    selected: NDArray[np.floating],
    groups: NDArray[np.integer],
    count: int,
    *,
    selector: str,
    random_share: float,
    cap: int,
    rng: np.random.Generator,
) -> list[Choice]:
    """Pick up to `count` candidates, each by the rule or, with probability `random_share`, uniformly.

    The random picks come first, so that the rule knows them and stays away from them; a parent that gave one of them
    gives no other in this batch.

    Parameters
    ----------
    candidates : ndarray, shape (n, d)
        Latent points of sane frames, all of one model version.
    selected : ndarray, shape (m, d)
        Latent points chosen before.
    groups : ndarray, shape (n,), int
        Each candidate's parent simulation.
    count : int
        Picks wanted.
    selector : str
        Name of the rule.
    random_share : float
        Expected share of uniform picks.
    cap : int
        Picks from one parent at most.
    rng : numpy.random.Generator
    """
    n_random = int(rng.binomial(count, random_share)) if random_share else 0
    randomly = make_selector("random").select(candidates, selected, n_random, groups, cap, rng)
    rows = np.flatnonzero(~np.isin(groups, groups[randomly.indices]))
    known = np.concatenate(
        [np.atleast_2d(selected).reshape(-1, candidates.shape[1]), candidates[randomly.indices]]
    )
    by_rule = make_selector(selector).select(
        candidates[rows], known, count - len(randomly.indices), groups[rows], cap, rng
    )
    return [*_choices(randomly, "random"), *_choices(Picks(rows[by_rule.indices], by_rule.scores), selector)]


def _choices(picks: Picks, name: str) -> list[Choice]:
    return [
        Choice(int(i), name, None if np.isnan(s) else float(s))
        for i, s in zip(picks.indices, picks.scores, strict=True)
    ]
