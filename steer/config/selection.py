"""How configurations are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from steer.config.section import Section, Share, contradiction
from steer.selection import SELECTORS

__all__ = ["Selection", "Target"]

if TYPE_CHECKING:
    SelectorName = str
    RuleName = str
else:
    SelectorName = Literal[tuple(SELECTORS)]
    RuleName = Literal[tuple(name for name in SELECTORS if name != "mixture")]

Weight = Annotated[float, Field(gt=0)]


class Target(Section):
    """A value of a collective variable to go to or to leave: only the candidates that serve it best may be picked."""

    collective: str
    """Name of a ``[[collective]]``."""
    towards: float | None = None
    """Value to go to, in nm or degrees."""
    away_from: float | None = None
    """Value to leave, in nm or degrees; give one of the two."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Share of the candidates among which the selector chooses; 1 asks for no direction at all."""

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if (self.towards is None) == (self.away_from is None):
            raise contradiction("", "give exactly one of towards and away_from")
        return self


class Selection(Section):
    """Which configurations are promoted, and which seeds are started."""

    selector: SelectorName = Field(
        default="dynim_wide",
        description=f"How candidates are chosen in the latent space: {', '.join(SELECTORS)}.",
    )
    random_share: Share = 0.2
    """Share of the picks drawn uniformly, as the control."""
    max_per_parent: Annotated[int, Field(ge=1)] = 2
    """Picks of one batch from one simulation at most."""
    batch: Annotated[int, Field(ge=1)] = 4
    """Frames chosen at a time."""
    mixture: dict[RuleName, Weight] | None = Field(
        default=None, examples=[{"farthest_point": 0.5, "ucb": 0.5}]
    )
    """Shares of the rules in ``selector = "mixture"``; absent: farthest_point, ucb and least_counts, equal shares."""
    target: Target | None = Field(default=None, examples=[{"collective": "end_to_end", "towards": 3.0}])
    """Towards or away_from a value of a ``[[collective]]``, whatever the selector; absent: no direction."""

    @model_validator(mode="after")
    def _mixture_is_used(self) -> Self:
        if self.mixture is not None and self.selector != "mixture":
            raise contradiction("mixture", f"only selector = 'mixture' uses it, not {self.selector!r}")
        if self.mixture == {}:
            raise contradiction("mixture", "name at least one rule with its share")
        return self
