"""From an input structure to a campaign that can start: prepared molecule, first force-field version, first seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steer.journal import Journal, Seed
from steer.molecule import load_beads, prepare_molecule

if TYPE_CHECKING:
    from collections.abc import Callable

    from steer.beads import BeadMolecule
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig

__all__ = ["give_birth"]

FIRST_SEED = "seeds/seed-000001.pdb"


def give_birth(
    directory: CampaignDirectory, config: CampaignConfig, journal: Journal, tell: Callable[[str], None]
) -> BeadMolecule:
    """Make what every simulation of this campaign needs, or read it when it was made before.

    Each step leaves whole files, and the journal is written last: a crash in between only costs the work again.

    Parameters
    ----------
    tell : callable
        Gets one sentence on each thing done.
    """
    if journal.force_fields():
        return load_beads(config.molecule, directory, 1)
    beads, definition = (_walkers if config.molecule.landscape else _protein)(directory, config, tell)
    beads.write_pdb(directory.root / FIRST_SEED, beads.positions)
    with journal.transaction():
        journal.add_force_field(1, definition)
        journal.add_seed(Seed(1, "input", 0, FIRST_SEED))
    return beads


def _walkers(
    directory: CampaignDirectory, config: CampaignConfig, tell: Callable[[str], None]
) -> tuple[BeadMolecule, dict[str, Any]]:
    from sims.landscapes import make_landscape

    beads = load_beads(config.molecule, directory, 1)
    name = config.molecule.landscape or ""
    tell(f"landscape: {name}, {beads.n_beads} beads; its truth: {make_landscape(name).truth}")
    return beads, {"landscape": repr(make_landscape(name)), "beads": beads.n_beads}


def _protein(
    directory: CampaignDirectory, config: CampaignConfig, tell: Callable[[str], None]
) -> tuple[BeadMolecule, dict[str, Any]]:
    from sims.martini.martinize import martinize
    from sims.martini.model import CoarseModel, MartinizeOptions

    folder = directory.force_field(1)
    structure = prepare_molecule(config.molecule)
    for note in structure.notes:
        tell(f"input: {note}")
    structure.write(directory.protein)
    options = MartinizeOptions(
        network=config.coarse.network,
        elastic_force_constant=config.coarse.elastic_force_constant,
        elastic_cutoff=config.coarse.elastic_cutoff,
        go_strength=config.coarse.go_strength,
    )
    coarse = CoarseModel.load(folder) if folder.exists() else martinize(structure, options, folder)
    tell(
        f"molecule: {len(structure.residue_labels)} residues, {structure.n_atoms} atoms, {coarse.n_beads} Martini 3 beads, "
        f"secondary structure {coarse.secondary_structure}"
    )
    return coarse, {"secondary_structure": coarse.secondary_structure, "beads": coarse.n_beads}
