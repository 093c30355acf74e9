"""What holds for every selector: a share of the picks is random, a target narrows them, and every pick has its story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from steer.selection import ask, make_selector
from steer.selection.protocol import Picks, Pool

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
    pool: Pool,
    count: int,
    *,
    selector: str,
    random_share: float,
    rng: np.random.Generator,
    shares: Mapping[str, float] | None = None,
) -> list[Choice]:
    """Pick up to `count` candidates, each by the rule or, with probability `random_share`, uniformly.

    The random picks come first, so that the rule knows them and stays away from them.

    Parameters
    ----------
    pool : Pool
        Latent points of sane frames, all of one model version, and what was selected before.
    count : int
        Picks wanted.
    selector : str
        Name of the rule.
    random_share : float
        Expected share of uniform picks.
    rng : numpy.random.Generator
    shares : mapping of str to float, optional
        What a ``mixture`` mixes.
    """
    n_random = int(rng.binomial(count, random_share)) if random_share else 0
    randomly = ask(make_selector("random"), pool, n_random, rng)
    rest = pool.after(randomly) if len(randomly.indices) else pool
    by_rule = ask(make_selector(selector, shares), rest, count - len(randomly.indices), rng)
    return [*_choices(randomly, "random"), *_choices(by_rule, selector)]


def _choices(picks: Picks, name: str) -> list[Choice]:
    return [
        Choice(int(i), rule, None if np.isnan(s) else float(s))
        for i, s, rule in zip(
            picks.indices, picks.scores, picks.rules or (name,) * len(picks.indices), strict=True
        )
    ]
