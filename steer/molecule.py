"""From the `[molecule]` section of a campaign file to the prepared all-atom model, or to the beads that are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steer.config import Molecule

if TYPE_CHECKING:
    from sims.landscapes.beads import WalkerBeads
    from sims.martini.model import ModelRecord
    from sims.structure import Structure
    from steer.beads import BeadMolecule
    from steer.campaign import CampaignDirectory

__all__ = ["load_beads", "prepare_molecule", "read_record"]


def load_beads(molecule: Molecule, directory: CampaignDirectory, force_field: int) -> BeadMolecule:
    """The followed beads of a campaign that has been set up: those of its force-field version, or of its landscape.

    Raises
    ------
    TopologyError
        When a file of the force field is missing or damaged.
    """
    if molecule.landscape is not None:
        from sims.landscapes import make_landscape
        from sims.landscapes.beads import WalkerBeads

        return WalkerBeads(make_landscape(molecule.landscape))
    from sims.martini.model import CoarseModel

    return CoarseModel.load(directory.force_field(force_field))


def read_record(directory: CampaignDirectory, force_field: int) -> ModelRecord | WalkerBeads:
    """Labels and bonds of the followed beads, without what only a simulation needs: quick to read.

    Raises
    ------
    TopologyError
        When a file of the force field is missing or damaged.
    """
    from steer.config import load_config

    landscape = load_config(directory.config).molecule.landscape
    if landscape is not None:
        from sims.landscapes import make_landscape
        from sims.landscapes.beads import WalkerBeads

        return WalkerBeads(make_landscape(landscape))
    from sims.martini.model import ModelRecord

    return ModelRecord.from_json(directory.force_field(force_field) / "model.json")[0]


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
