"""Regions that the user gives a name, as the campaign file describes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from steer.config.section import Section

__all__ = ["NamedState"]

Range = tuple[float, float]


class NamedState(Section):
    """A conformation worth a name: the frames whose collective variables, or latents of the newest model, lie in given
    ranges. `steer coverage` says when it was first visited; any number of these sections."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$", examples=["folded"])]
    """What it is called in tables and in figures: a letter, then letters, digits or ``_``."""
    ranges: Annotated[dict[str, Range], Field(min_length=1, examples=[{"end_to_end": [0.0, 1.2]}])]
    """From and to, by the name of a collective variable, or latent_1, latent_2 and so on; a frame is in the state when
    all hold. In nm or degrees; for a dihedral, [150, -150] goes through 180."""

    @field_validator("ranges")
    @classmethod
    def _not_empty(cls, ranges: dict[str, Range]) -> dict[str, Range]:
        for name, (low, high) in ranges.items():
            if low == high:
                raise ValueError(f"the range of {name} is empty: it goes from {low:g} to {high:g}")
        return ranges
