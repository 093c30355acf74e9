"""Trp-cage with its hydrogens, and beads made of plain centroids: backmapping without martinize2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sims.backmap.anatomy import Anatomy
from sims.backmap.protocol import BackmapRequest
from sims.mapping import BeadMapping
from sims.structure import Structure

TRPCAGE = Path(__file__).parents[4] / "examples" / "trp-cage" / "trpcage.pdb"

_BACKBONE = {"N", "CA", "C", "O"}
_SIDE_BEADS = {"TRP": 5, "TYR": 4, "PHE": 3, "HIS": 3, "ARG": 2, "LYS": 2}


def centroid_mapping(structure: Structure) -> BeadMapping:
    """Four backbone atoms make a bead, and the heavy side-chain atoms, in order, as many as Martini 3 has."""
    groups: list[list[int]] = []
    for residue in structure.topology.residues():
        heavy = [atom for atom in residue.atoms() if atom.element.symbol != "H" and atom.name != "OXT"]
        groups.append([atom.index for atom in heavy if atom.name in _BACKBONE])
        side = [atom.index for atom in heavy if atom.name not in _BACKBONE]
        parts = np.array_split(np.array(side, dtype=int), _SIDE_BEADS.get(residue.name, 1)) if side else []
        groups += [part.tolist() for part in parts]
    weights = [(bead, atom, 1.0) for bead, atoms in enumerate(groups) for atom in atoms]
    return BeadMapping.from_weights(weights, len(groups), structure.n_atoms)


@pytest.fixture(scope="session")
def trpcage() -> Structure:
    return Structure.read(TRPCAGE)


@pytest.fixture(scope="session")
def anatomy(trpcage: Structure) -> Anatomy:
    return Anatomy(trpcage.topology)


@pytest.fixture(scope="session")
def request_(trpcage: Structure) -> BackmapRequest:
    """Asks for the reference conformation itself."""
    mapping = centroid_mapping(trpcage)
    return BackmapRequest(mapping.apply(trpcage.positions), trpcage, mapping, seed=7)
