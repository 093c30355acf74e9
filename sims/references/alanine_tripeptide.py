"""Alanine tripeptide (ACE-ALA-ALA-NME): states by the side on which each of two residues is.

The barrier of alanine dipeptide, twice: what is asked is whether an exploration that has brought one residue to its
left-handed side (phi > 0) goes on from there to have both.
"""

from __future__ import annotations

from sims.references.implicit import ImplicitPeptide

__all__ = ["alanine_tripeptide"]

_FIRST_PHI, _SECOND_PHI = (4, 6, 8, 10), (10, 16, 18, 20)
_RIGHT, _LEFT = (-170.0, -30.0), (20.0, 100.0)


def alanine_tripeptide() -> ImplicitPeptide:
    """32 atoms."""
    return ImplicitPeptide(
        "alanine_tripeptide",
        backbone=(0, 4, 6, 8, 10, 16, 18, 20, 26, 28),
        side_chains=(5, 11, 12, 21, 22),
        dihedrals=(_FIRST_PHI, _SECOND_PHI),
        regions={
            "both_right": (_RIGHT, _RIGHT),
            "first_left": (_LEFT, _RIGHT),
            "second_left": (_RIGHT, _LEFT),
            "both_left": (_LEFT, _LEFT),
        },
    )
