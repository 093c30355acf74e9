"""Molecules whose states are known from long simulation; a new one is one file and one line in `REFERENCES`."""

from __future__ import annotations

from collections.abc import Callable

from sims.references.alanine_dipeptide import alanine_dipeptide
from sims.references.alanine_tripeptide import alanine_tripeptide
from sims.references.chignolin import Chignolin
from sims.references.protocol import KnownStates, ReferenceMolecule

__all__ = [
    "REFERENCES",
    "Chignolin",
    "KnownStates",
    "ReferenceMolecule",
    "alanine_dipeptide",
    "alanine_tripeptide",
    "make_reference",
]

REFERENCES: dict[str, Callable[[], ReferenceMolecule]] = {
    "alanine_dipeptide": alanine_dipeptide,
    "alanine_tripeptide": alanine_tripeptide,
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
