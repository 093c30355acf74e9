"""What was simulated, in words for the methods section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig

__all__ = ["describe_molecule"]


def describe_molecule(directory: CampaignDirectory, config: CampaignConfig) -> str:
    """The molecule of a campaign that has been set up, in sentences.

    Raises
    ------
    StructureError
        When the prepared structure cannot be read.
    """
    from steer.molecule import read_record

    molecule, beads = config.molecule, len(read_record(directory, 1).labels)
    if molecule.landscape is not None:
        return f"A walker on the landscape {molecule.landscape}, shown by {beads} beads."
    from sims.structure import Structure

    structure = Structure.read(directory.protein)
    chains = [chain for chain in structure.sequence.split(":") if chain]
    source = (
        f"From the file {molecule.structure.name}"
        if molecule.structure is not None
        else "Built from its sequence as a random coil"
    )
    chosen = f", chains {', '.join(molecule.chains)}" if molecule.chains else ""
    ends = ". Breaks in the chain were kept, each piece with charged ends" if molecule.keep_gaps else ""
    return (
        f"{source}{chosen}: {len(chains)} chain{'s' if len(chains) > 1 else ''}, {sum(map(len, chains))} residues, "
        f"{structure.n_atoms} atoms, {beads} Martini beads{ends}. Sequence: {' and '.join(chains)}. Hydrogens that the input "
        f"lacked were added for pH {molecule.ph:g}."
    )
