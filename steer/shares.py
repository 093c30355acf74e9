"""How the slots are split between coarse-grained and all-atom simulation: by what each lately contributed. Pure.

A simulation contributes the cells of the map that it was the first to see, and costs the time that it held its slot.
Of what a coarse-grained simulation saw that started from a refined structure, half counts for refinement. Each level's
share is its contribution for each slot-hour over the sum of both, within the bounds that the user set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steer.messages import simulation_number

if TYPE_CHECKING:
    from steer.config import Refinement
    from steer.discoveries import Discoveries
    from steer.journal import Journal
    from steer.ledger import Ledger

__all__ = ["FEWEST", "LATELY", "Apportion", "Contribution", "apportion", "contributions"]

LATELY = 20
"""Simulations of each level, the last that ended, whose contributions count."""

FEWEST = 3
"""Simulations of each level that must have ended before the split moves."""

SMALLEST_CHANGE = 0.05
"""The share is left alone until it would change by this much."""

CREDIT = 0.5
"""Part of what a simulation from a refined structure saw that counts for refinement."""


@dataclass(frozen=True)
class Contribution:
    """What one level lately contributed.

    Attributes
    ----------
    simulations : int
        That ended.
    cells : float
        That they were the first to see.
    hours : float
        Slot-hours that they took.
    """

    simulations: int
    cells: float
    hours: float

    @property
    def rate(self) -> float:
        """Cells a slot-hour."""
        return self.cells / self.hours if self.hours > 0 else 0.0


@dataclass(frozen=True)
class Apportion:
    """Let refinements hold this share of the slots from now on."""

    share: float
    reason: str


def apportion(
    settings: Refinement, lately: Mapping[str, Contribution], current: float | None
) -> Apportion | None:
    """The new share of refinements, or None when it stays.

    Parameters
    ----------
    settings : Refinement
        With ``share`` to begin with and ``share_bounds``.
    lately : mapping of str to Contribution
        By level; empty as long as nothing is known.
    current : float or None
        The share decided last; None before the first decision.
    """
    if settings.share_bounds is None or any(
        level not in lately or lately[level].simulations < FEWEST for level in ("cg", "aa")
    ):
        return None
    low, high = settings.share_bounds
    cg, aa = lately["cg"].rate, lately["aa"].rate
    if cg + aa == 0:
        return None
    share = round(min(high, max(low, aa / (cg + aa))), 3)
    if abs(share - (settings.share if current is None else current)) < SMALLEST_CHANGE:
        return None
    return Apportion(
        share,
        f"refinements may hold {share:.0%} of the slots: they lately saw {aa:.3g} new cells a slot-hour, "
        f"CG simulations {cg:.3g} (bounds {low:.0%} to {high:.0%})",
    )


def contributions(
    journal: Journal, ledger: Ledger, discoveries: Mapping[str, Discoveries]
) -> dict[str, Contribution]:
    """What each level lately contributed, from the last `LATELY` simulations that ended.

    Parameters
    ----------
    journal : Journal
        Knows how long each took.
    ledger : Ledger
    discoveries : mapping of str to Discoveries
        By level.
    """
    cells, seconds, count = {"cg": 0.0, "aa": 0.0}, {"cg": 0.0, "aa": 0.0}, {"cg": 0, "aa": 0}
    for kind, level in (("cg", "cg"), ("refine", "aa")):
        for key, took in journal.last_ended(kind, LATELY):
            simulation = key.removeprefix(f"{kind}:")
            seen = _cells(discoveries[level], simulation)
            credit = CREDIT * seen if level == "cg" and _is_from_refined(ledger, simulation) else 0.0
            cells["aa"] += credit
            cells[level] += seen - credit
            seconds[level] += took
            count[level] += 1
    return {level: Contribution(count[level], cells[level], seconds[level] / 3600) for level in cells}


def _cells(discoveries: Discoveries, simulation: str) -> int:
    number = simulation_number(simulation)
    return int(discoveries.cells[number]) if number < len(discoveries.cells) else 0


def _is_from_refined(ledger: Ledger, simulation: str) -> bool:
    seed = ledger.simulations[simulation].seed
    return seed is not None and ledger.seeds[seed].origin == "aa"
