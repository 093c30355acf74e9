"""Molecules whose states are known from long simulation; a new one is one file and one line in `REFERENCES`."""

from __future__ import annotations

from collections.abc import Callable

from sims.references.alanine_dipeptide import AlanineDipeptide
from sims.references.chignolin import Chignolin
from sims.references.protocol import KnownStates, ReferenceMolecule

__all__ = [
    "REFERENCES",
    "AlanineDipeptide",
    "Chignolin",
    "KnownStates",
    "ReferenceMolecule",
    "make_reference",
]

REFERENCES: dict[str, Callable[[], ReferenceMolecule]] = {
    "alanine_dipeptide": AlanineDipeptide,
    "chignolin": Chignolin,
}
"""By name."""


def make_reference(name: str) -> ReferenceMolecule:
    """The molecule of this name.

    Raises
    ------
    ValueError
        When there is none.
    """
    if name not in REFERENCES:
        raise ValueError(f"There is no reference molecule {name!r}; choose one of {', '.join(REFERENCES)}.")
    return REFERENCES[name]()
