"""From the `[molecule]` section of a campaign file to the prepared all-atom model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steer.config import Molecule

if TYPE_CHECKING:
    from sims.structure import Structure

__all__ = ["prepare_molecule"]


def prepare_molecule(molecule: Molecule) -> Structure:
    """The complete all-atom molecule that a campaign file names.

    Parameters
    ----------
    molecule : Molecule
        With an absolute path, as `load_config` returns it, or with a sequence.

    Raises
    ------
    StructureError
        When the structure or the sequence cannot be used; names the residue and says what to do.
    """
    from sims.structure import from_sequence, prepare

    if molecule.structure is not None:
        return prepare(
            molecule.structure, ph=molecule.ph, chains=molecule.chains, keep_gaps=molecule.keep_gaps
        )
    return from_sequence(molecule.sequence or "", ph=molecule.ph)
