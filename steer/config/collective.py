"""Quantities of the user's own, as the campaign file names them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from steer.config.section import Section, contradiction

__all__ = ["CollectiveVariable"]

BEADS = {"distance": (2, 2), "dihedral": (4, 4), "radius_of_gyration": (2, None), "rmsd": (3, None)}
"""As `sims.collective.KINDS`, which is not imported here: reading a file needs no numpy."""


def _bead(value: Any) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(
            f"expected a bead's name such as 'A:12:BB', or its number in topology.pdb, not {value!r}"
        )
    return value


class CollectiveVariable(Section):
    """A quantity of your own, measured on the beads of every frame; any number of these sections. Angles are in
    degrees, everything else in nm."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$", examples=["end_to_end"])]
    """What it is called in this file, in tables and in figures: a letter, then letters, digits or ``_``."""
    kind: Annotated[
        Literal["distance", "dihedral", "radius_of_gyration", "rmsd"], Field(examples=["distance"])
    ]
    """``distance`` of two beads; ``dihedral`` over four; ``radius_of_gyration``; ``rmsd`` to the input structure."""
    beads: tuple[Annotated[Any, AfterValidator(_bead)], ...] = Field(default=(), examples=[["1:BB", "20:BB"]])
    """Beads as chain:residue:bead (the chain may be left out when there is one) or by their number in topology.pdb;
    all of them when absent, for the last two kinds."""

    @model_validator(mode="after")
    def _count(self) -> Self:
        fewest, most = BEADS[self.kind]
        given = len(self.beads)
        if most is not None and given != most:
            raise contradiction("beads", f"a {self.kind} takes {most} beads, not {given}")
        if most is None and 0 < given < fewest:
            raise contradiction("beads", f"an {self.kind} takes at least {fewest} beads, not {given}")
        if len(set(self.beads)) != given:
            raise contradiction("beads", "the same bead is named twice")
        return self
