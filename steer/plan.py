"""What a campaign file would run, in numbers, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steer.config import CampaignConfig
from steer.quantities import text

__all__ = ["Plan", "plan_campaign", "stops"]

BEADS = {
    "G": 1, "A": 2, "V": 2, "L": 2, "I": 2, "P": 2, "M": 2, "C": 2, "S": 2, "T": 2, "D": 2, "N": 2, "E": 2, "Q": 2,
    "K": 3, "R": 3, "H": 4, "F": 4, "Y": 5, "W": 6,
}  # fmt: skip
"""Martini 3 beads of each residue (Souza et al., Nat. Methods 18, 382, 2021, Supplementary Information)."""

WATERS = 33.4
"""Water molecules in a nm^3 at 300 K and 1 bar."""
WATERS_IN_BEAD = 4
PROTEIN_VOLUME = 1.21e-3
"""nm^3 taken by a dalton of protein (partial specific volume 0.73 cm^3/g)."""


@dataclass(frozen=True)
class Plan:
    """What would be run. Sizes of boxes and of solvent are estimates.

    Attributes
    ----------
    name, directory : str
        The campaign and where it would live.
    chains, residues, atoms, disulfides, beads : int
        Of the molecule.
    sequence : str
        Chains separated by ``:``.
    notes : tuple of str
        What preparing the molecule changed or left out.
    cg_box, aa_box : float
        Edge of the box in nm, estimated; ``aa_box`` is None in implicit solvent.
    cg_particles, aa_particles : int
        Beads and atoms in all, solvent included, estimated.
    cg_steps, aa_steps : int
        Integrator steps of one simulation.
    simulations : int
        CG simulations of the first generation.
    stops : tuple of str
        What ends it, each goal in words.
    """

    name: str
    directory: str
    chains: int
    residues: int
    atoms: int
    disulfides: int
    beads: int
    sequence: str
    notes: tuple[str, ...]
    cg_box: float
    cg_particles: int
    cg_steps: int
    aa_box: float | None
    aa_particles: int
    aa_steps: int
    simulations: int
    stops: tuple[str, ...]


def plan_campaign(config: CampaignConfig, directory: Path) -> Plan:
    """Prepare the molecule and work out what the campaign would run. Nothing is written.

    Parameters
    ----------
    config : CampaignConfig
    directory : Path
        Where the campaign would live.

    Raises
    ------
    StructureError
        When the molecule cannot be simulated as it is.
    """
    if config.molecule.landscape is not None:
        return _plan_on_landscape(config, config.molecule.landscape, directory)
    from openmm.unit import dalton

    from steer.molecule import prepare_molecule

    structure = prepare_molecule(config.molecule)
    extent = _extent(structure.positions)
    mass = sum(atom.element.mass.value_in_unit(dalton) for atom in structure.topology.atoms() if atom.element)
    letters = structure.sequence.replace(":", "")
    beads = sum(BEADS.get(letter, 0) for letter in letters)
    cg_box = extent + 2 * config.coarse.padding
    aa_box = extent + 2 * config.allatom.padding if config.allatom.solvent == "explicit" else None
    return Plan(
        name=config.campaign.name,
        directory=str(directory),
        chains=structure.sequence.count(":") + 1,
        residues=len(letters),
        atoms=structure.n_atoms,
        disulfides=len(structure.disulfides),
        beads=beads,
        sequence=structure.sequence,
        notes=tuple(structure.notes),
        cg_box=round(cg_box, 2),
        cg_particles=beads + round(_waters(cg_box, mass) / WATERS_IN_BEAD),
        cg_steps=round(config.coarse.length / config.coarse.timestep),
        aa_box=None if aa_box is None else round(aa_box, 2),
        aa_particles=structure.n_atoms + (0 if aa_box is None else 3 * round(_waters(aa_box, mass))),
        aa_steps=round(config.refinement.length / config.allatom.timestep),
        simulations=config.seeding.initial,
        stops=stops(config),
    )


def _plan_on_landscape(config: CampaignConfig, name: str, directory: Path) -> Plan:
    from sims.landscapes import make_landscape
    from sims.landscapes.walkers import bead_names

    landscape = make_landscape(name)
    beads, states = len(bead_names(landscape)), len(landscape.minima)
    return Plan(
        name=config.campaign.name,
        directory=str(directory),
        chains=0,
        residues=0,
        atoms=0,
        disulfides=0,
        beads=beads,
        sequence=f"landscape {name}: {len(landscape.bounds)} dimensions, {states} states",
        notes=(f"populations of the states are known: {landscape.truth}",),
        cg_box=0.0,
        cg_particles=beads,
        cg_steps=round(config.coarse.length / config.coarse.timestep),
        aa_box=None,
        aa_particles=0,
        aa_steps=0,
        simulations=config.seeding.initial,
        stops=stops(config),
    )


def stops(config: CampaignConfig) -> tuple[str, ...]:
    """When the campaign ends, each criterion in words."""
    stop = config.stop
    words = (
        None if stop.aggregate_time is None else f"{text(stop.aggregate_time, 'ps')} of CG simulation",
        None if stop.refinements is None else f"{stop.refinements} accepted refinements",
        None if stop.coverage is None else f"a coverage of {stop.coverage:g} cells",
        None if stop.walltime is None else f"{text(stop.walltime, 'ps')} of real time",
    )
    return tuple(word for word in words if word is not None)


def _extent(positions: object) -> float:
    """Largest distance between two atoms in nm, found on the convex hull."""
    import numpy as np
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    points = np.asarray(positions, dtype=float)
    return float(pdist(points[ConvexHull(points).vertices]).max())


def _waters(edge: float, mass: float) -> float:
    return max(0.0, edge**3 - mass * PROTEIN_VOLUME) * WATERS
