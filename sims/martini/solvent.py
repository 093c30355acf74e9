"""Water and ions around beads.

Water beads start on a lattice that leaves room for the solute; their number is that of liquid Martini water at 300 K and
1 bar in the volume the solute does not take, so that a simulation at constant volume has the right density. The lattice
melts when it is minimised and run with short steps (2 fs, 5 fs, 10 fs) first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from sims.exceptions import TopologyError
from sims.martini.model import CoarseModel
from sims.martini.nonbonded import CUTOFF
from sims.martini.topology import Atom, MoleculeType

__all__ = ["CHLORIDE", "SODIUM", "WATER_BEAD", "WATER_DENSITY", "Solvated", "solvate"]

WATER_BEAD = MoleculeType("W", 1, (Atom("W", "W", 1, "W", 0.0),))
"""Four water molecules."""

SODIUM = MoleculeType("NA", 1, (Atom("NA", "TQ5", 1, "ION", 1.0),))
"""A sodium ion."""

CHLORIDE = MoleculeType("CL", 1, (Atom("CL", "TQ5", 1, "ION", -1.0),))
"""A chloride ion."""

WATER_DENSITY = 8.26
"""Water beads in a cubic nm of pure Martini 3 water at 300 K and 1 bar (988 kg/m3)."""

# What a protein bead displaces of water at 300 K and 1 bar, by its size (nm^3): 0.0165 nm^3 for each heavy atom it stands
# for, which gives the 2.3 nm^3 of Trp-cage and the 7.1 nm^3 of BPTI measured at constant pressure with the exact form.
# Ions, measured alike, take 0.01 nm^3, which is nothing here.
_BEAD_VOLUMES = {"regular": 4 * 0.0165, "small": 3 * 0.0165, "tiny": 2 * 0.0165}
_NEAREST_WATER = 0.40  # nm from any solute bead
_NEAREST_IMAGE = 2 * CUTOFF + 0.3  # nm; leaves a barostat room to shrink the box
_PER_MOLAR = 0.602214076  # particles in a cubic nm at 1 mol/L


@dataclass(frozen=True, eq=False)
class Solvated:
    """A solute in a box of water and ions.

    Attributes
    ----------
    positions : ndarray, shape (n, 3), float64
        nm. The solute first, in its own order and whole, then water, sodium and chloride; everything within the box
        but for what of the solute may stick out.
    molecules : tuple of (MoleculeType, int)
        What the positions belong to, as `sims.martini.system.build_system` takes it.
    box : ndarray, shape (3,), float64
        Edges in nm.
    """

    positions: NDArray[np.float64]
    molecules: tuple[tuple[MoleculeType, int], ...]
    box: NDArray[np.float64]

    @property
    def counts(self) -> dict[str, int]:
        """How many molecules there are of each name."""
        totals: dict[str, int] = {}
        for molecule, count in self.molecules:
            totals[molecule.name] = totals.get(molecule.name, 0) + count
        return totals


def solvate(
    model: CoarseModel, positions: NDArray[np.floating], padding: float, salt: float, seed: int
) -> Solvated:
    """Put a model into a cubic box of water with neutralising ions and salt.

    Parameters
    ----------
    model : CoarseModel
    positions : ndarray, shape (n_beads, 3)
        nm, molecules whole. Moved so that they sit in the middle of the box.
    padding : float
        nm. The solute keeps twice this distance from its own images however it turns.
    salt : float
        mol/L of NaCl in the water, beside the ions that neutralise the solute.
    seed : int
        Decides which lattice sites stay empty and where ions go. The same seed gives the same box.

    Raises
    ------
    TopologyError
        When the solute's charge is not a whole number, or the ions do not fit.
    ValueError
        When positions do not fit the model, or padding or salt is negative.
    """
    solute = np.asarray(positions, dtype=np.float64)
    if solute.shape != (model.n_beads, 3) or not np.all(np.isfinite(solute)):
        raise ValueError(f"Positions must be finite and of shape ({model.n_beads}, 3).")
    if padding < 0 or salt < 0:
        raise ValueError("Padding and salt must not be negative.")
    edge = _edge(solute, padding)
    solute = solute + edge / 2 - (solute.min(axis=0) + solute.max(axis=0)) / 2
    volume = max(edge**3 - _displaced(model), 0.0)
    generator = np.random.default_rng(seed)
    water = round(WATER_DENSITY * volume)
    sodium, chloride = _ions(model, volume, salt, water)
    sites = _sites(solute, edge, water + sodium + chloride, generator)
    chosen = generator.permutation(len(sites))
    ions, waters = chosen[: sodium + chloride], np.sort(chosen[sodium + chloride :])
    return Solvated(
        positions=np.concatenate([solute, sites[waters], sites[ions]]),
        molecules=(
            *((molecule, 1) for molecule in model.molecules),
            (WATER_BEAD, water),
            (SODIUM, sodium),
            (CHLORIDE, chloride),
        ),
        box=np.full(3, edge),
    )


def _edge(solute: NDArray[np.float64], padding: float) -> float:
    """Edge of the box: the solute's largest extent in any direction, and the padding on both sides."""
    extent = float(pdist(solute).max()) if len(solute) > 1 else 0.0
    return max(extent + 2 * padding, _NEAREST_IMAGE)


def _displaced(model: CoarseModel) -> float:
    """Volume that water cannot take, in nm^3."""
    virtual = set(model.virtual.tolist())
    beads = [atom.bead for molecule in model.molecules for atom in molecule.atoms]
    return math.fsum(_BEAD_VOLUMES[_size(bead)] for index, bead in enumerate(beads) if index not in virtual)


def _size(bead: str) -> str:
    return {"S": "small", "T": "tiny"}.get(bead[0], "regular")


def _sites(
    solute: NDArray[np.float64], edge: float, count: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """`count` places for water on the widest cubic lattice that has so many clear of the solute."""
    tree = cKDTree(np.mod(solute, edge), boxsize=edge)
    side = max(math.ceil(count ** (1 / 3)), 1)
    while True:
        axis = (np.arange(side) + 0.5) * (edge / side)
        lattice = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
        distance, _ = tree.query(lattice)
        free = lattice[distance >= _NEAREST_WATER]
        if len(free) >= count:
            return free[np.sort(generator.permutation(len(free))[:count])]
        side += 1


def _ions(model: CoarseModel, volume: float, salt: float, water: int) -> tuple[int, int]:
    """Numbers of sodium and chloride."""
    charge = round(model.charge)
    if abs(model.charge - charge) > 1e-3:
        raise TopologyError(
            f"The solute's charge is {model.charge:g}; it must be a whole number to be neutralised."
        )
    pairs = round(salt * _PER_MOLAR * volume)
    sodium, chloride = pairs + max(-charge, 0), pairs + max(charge, 0)
    if sodium + chloride >= water:
        raise TopologyError(
            f"{sodium + chloride} ions do not fit among {water} water beads. Add padding or use less salt."
        )
    return sodium, chloride
