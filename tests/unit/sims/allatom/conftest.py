"""Small real molecules with the two force fields."""

from __future__ import annotations

import pytest

from sims.allatom import AllAtomModel, AllAtomOptions, Assembly
from sims.structure import Structure, from_sequence


@pytest.fixture(scope="session")
def peptide() -> Structure:
    """Charged ends, an acid, a base: what salt binds to."""
    return from_sequence("DAK")


@pytest.fixture(scope="session")
def in_water(peptide: Structure) -> Assembly:
    """The peptide in a small box of CHARMM water and salt."""
    options = AllAtomOptions(padding=0.65, salt=1.0)
    return AllAtomModel(peptide, options).solvate(peptide.positions, seed=1)
