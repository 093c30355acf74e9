"""Alanine dipeptide (ACE-ALA-NME): states by phi and psi.

Beta and the right-handed helix change into each other within picoseconds; the left-handed region (phi > 0) lies behind a
barrier of about 11 kT along phi and holds 2.5%.
"""

from __future__ import annotations

from sims.references.implicit import ImplicitPeptide

__all__ = ["alanine_dipeptide"]

_PHI, _PSI = (4, 6, 8, 10), (6, 8, 10, 16)


def alanine_dipeptide() -> ImplicitPeptide:
    """22 atoms."""
    return ImplicitPeptide(
        "alanine_dipeptide",
        backbone=(0, 4, 6, 8, 10, 16, 18),
        side_chains=(5, 11, 12),
        dihedrals=(_PHI, _PSI),
        regions={
            "beta": ((-180.0, -40.0), (90.0, 200.0)),
            "alpha_r": ((-130.0, -40.0), (-70.0, 30.0)),
            "alpha_l": ((30.0, 90.0), (-40.0, 80.0)),
            "c7_ax": ((30.0, 90.0), (120.0, 240.0)),
        },
    )
