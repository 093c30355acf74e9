"""What `steer validate` announces is what the builders then make."""

from pathlib import Path

import pytest

from sims.allatom import AllAtomModel, AllAtomOptions
from sims.martini.martinize import martinize
from sims.martini.model import MartinizeOptions
from sims.martini.solvent import solvate
from sims.structure import from_sequence
from steer.config import CampaignConfig
from steer.molecule import prepare_molecule
from steer.plan import plan_campaign

ROOT = Path(__file__).parents[3]
ALL_RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


def config(**molecule: str) -> CampaignConfig:
    return CampaignConfig.model_validate(
        {"campaign": {"name": "a"}, "molecule": molecule, "stop": {"refinements": 1}}
    )


def test_box_and_particles_are_near_what_is_built(tmp_path: Path) -> None:
    settings = config(structure=str(ROOT / "examples" / "trp-cage" / "trpcage.pdb"))
    plan = plan_campaign(settings, tmp_path)
    structure = prepare_molecule(settings.molecule)
    model = martinize(structure, MartinizeOptions(), tmp_path / "ff")
    coarse = solvate(model, model.positions, 1.2, 0.15, 1)
    assert (model.n_beads, structure.n_atoms) == (plan.beads, plan.atoms)
    assert plan.cg_box == pytest.approx(coarse.box[0], abs=0.5)
    assert plan.cg_particles == pytest.approx(len(coarse.positions), rel=0.3)
    atoms = AllAtomModel(structure, AllAtomOptions(solvent="explicit")).solvate(structure.positions, 1)
    assert plan.aa_particles == pytest.approx(len(atoms.positions), rel=0.15)


def test_every_residue_has_as_many_beads_as_martinize2_gives_it(tmp_path: Path) -> None:
    structure = from_sequence(ALL_RESIDUES)
    model = martinize(structure, MartinizeOptions(network="none"), tmp_path / "ff")
    assert plan_campaign(config(sequence=ALL_RESIDUES), tmp_path).beads == model.n_beads
