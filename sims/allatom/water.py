"""Water and ions around a solute."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from openmm import Vec3, unit
from openmm.app import ForceField, Modeller, Topology

from sims.structure.model import Structure

__all__ = ["add_water", "box_edge"]


SMALLEST_EDGE = 2.8
"""nm; twice the cut-off of 1.2 nm, with room for the barostat."""


def box_edge(positions: NDArray[np.floating], padding: float) -> float:
    """Edge in nm of a cube that keeps `padding` around the solute however it turns, and holds the cut-off."""
    centre = (positions.min(axis=0) + positions.max(axis=0)) / 2
    return max(SMALLEST_EDGE, float(2 * np.linalg.norm(positions - centre, axis=1).max() + 2 * padding))


def add_water(
    structure: Structure, force_field: ForceField, padding: float, salt: float, seed: int
) -> tuple[Topology, NDArray[np.float64]]:
    """Centre the solute in a cube of water, with neutralising ions and NaCl.

    Parameters
    ----------
    structure : Structure
        The solute; its atoms come first in the result, in their order.
    force_field : openmm.app.ForceField
        Tells the solute's charge; must know three-site water.
    padding : float
        nm between solute and box.
    salt : float
        mol/L of NaCl beside neutralising ions.
    seed : int
        Which waters become ions.

    Returns
    -------
    topology : openmm.app.Topology
        With box vectors.
    positions : ndarray, shape (n, 3), float64
        nm.
    """
    positions = structure.positions
    edge = box_edge(positions, padding)
    centred = positions - (positions.min(axis=0) + positions.max(axis=0)) / 2 + edge / 2
    modeller = Modeller(structure.topology, [Vec3(*row) for row in centred.tolist()] * unit.nanometer)
    with _python_random(seed):
        modeller.addSolvent(
            force_field, model="tip3p", boxSize=Vec3(edge, edge, edge), ionicStrength=salt * unit.molar
        )
    return modeller.topology, np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=np.float64)


@contextmanager
def _python_random(seed: int) -> Iterator[None]:
    """OpenMM draws from Python's global generator: seed it, and leave it as it was found."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
