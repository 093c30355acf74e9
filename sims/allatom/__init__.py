"""The all-atom side: force fields, solvent, restraints and relaxation."""

from sims.allatom.model import AllAtomModel, AllAtomOptions, Assembly
from sims.allatom.relaxation import minimise_and_relax
from sims.allatom.restraints import RESTRAINT_STRENGTH, restrain

__all__ = [
    "RESTRAINT_STRENGTH",
    "AllAtomModel",
    "AllAtomOptions",
    "Assembly",
    "minimise_and_relax",
    "restrain",
]
