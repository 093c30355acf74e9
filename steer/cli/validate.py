"""`steer validate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steer.cli.log import log_options
from steer.cli.report import OK

if TYPE_CHECKING:
    from steer.config import CampaignConfig
    from steer.plan import Plan

__all__ = ["validate"]


@click.command()
@click.argument("file", metavar="CAMPAIGN.TOML", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@log_options
def validate(file: Path, as_json: bool) -> int:
    """Check a campaign file and its molecule, and say what would be run. Nothing is written or started."""
    return check(file, as_json)


def check(file: Path, as_json: bool) -> int:
    """Read, prepare, print; returns the exit code."""
    from steer.campaign import default_directory
    from steer.config import load_config
    from steer.plan import plan_campaign

    config = load_config(file)
    plan = plan_campaign(config, default_directory(file, config))
    click.echo(json.dumps(asdict(plan), indent=2) if as_json else describe(file, config, plan))
    return OK


def describe(file: Path, config: CampaignConfig, plan: Plan) -> str:
    """The plan in lines for people."""
    from steer.quantities import text

    coarse, refinement = config.coarse, config.refinement
    solvent = f"about {plan.aa_particles:,} with solvent in a box of about {plan.aa_box} nm"
    notes = [("", plan.sequence), *(("", f"Note: {note}") for note in plan.notes)]
    simulations = (
        "",
        f"{plan.simulations} simulations to begin with, each {text(coarse.length, 'ps')} "
        f"({plan.cg_steps:,} steps), a frame every {text(coarse.frame_interval, 'ps')}",
    )
    molecule = [
        ("Molecule", f"{_count(plan.chains, 'chain')}, {_count(plan.residues, 'residue')}, {plan.atoms} atoms, "
                     f"{_count(plan.disulfides, 'disulfide')}"),
        *notes,
        ("CG", f"{plan.beads} beads, about {plan.cg_particles:,} with solvent in a box of about {plan.cg_box} nm"),
        simulations,
        ("AA", f"{plan.atoms} atoms, {solvent if plan.aa_box else 'in implicit solvent'}"),
        ("", f"each refinement {text(refinement.length, 'ps')} ({plan.aa_steps:,} steps)"),
    ]  # fmt: skip
    landscape = [*notes, ("CG", f"{plan.beads} beads, no solvent; nothing to refine"), simulations]
    rows = [
        *(molecule if plan.residues else landscape),
        ("Ends at", f" {'and' if config.stop.require == 'all' else 'or'} ".join(plan.stops)),
        ("Directory", plan.directory),
    ]
    return "\n".join([f"{file} is valid.", *(f"{name:<10} {line}" for name, line in rows)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
