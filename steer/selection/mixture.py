"""Several rules at once, each with its share of the picks.

No rule is best on every landscape: what one overlooks (a density rule a rare cluster that is dense, a distance rule
what lies between) another finds. The rules are asked in turn, and each knows what those before it picked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steer.selection.protocol import Picks, Pool, Selector, ask

__all__ = ["Mixture"]


class Mixture:
    """Draws how many picks each rule makes, then asks them in order.

    Parameters
    ----------
    parts : sequence of (Selector, float)
        Rules with their shares; shares are not negative, their sum is positive, and only their ratios count.
    """

    name = "mixture"

    def __init__(self, parts: Sequence[tuple[Selector, float]]) -> None:
        self._rules = [rule for rule, _ in parts]
        shares = np.array([share for _, share in parts], dtype=float)
        if not len(shares) or shares.min() < 0 or not shares.sum() > 0:
            raise ValueError(
                f"A mixture needs shares that are not negative and not all zero, not {shares.tolist()}."
            )
        self._shares = shares / shares.sum()

    def select(self, pool: Pool, count: int, rng: np.random.Generator) -> Picks:
        """Choose as `steer.selection.protocol.Selector` says."""
        made: list[Picks] = []
        for rule, asked in zip(self._rules, rng.multinomial(count, self._shares).tolist(), strict=True):
            picks = ask(rule, pool, asked, rng)
            pool = pool.after(picks)
            made.append(Picks(picks.indices, picks.scores, (rule.name,) * len(picks.indices)))
        return Picks(
            np.concatenate([picks.indices for picks in made]),
            np.concatenate([picks.scores for picks in made]),
            tuple(name for picks in made for name in picks.rules),
        )
