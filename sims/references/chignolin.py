"""Chignolin (GYDPETGTWG) in Martini 3 water, coarse-grained and without a network: states of a flexible peptide.

The states divide the plane of the end-to-end distance and the pseudo-dihedral of the turn (residues 4 to 7). Martini 3
does not fold the hairpin by itself; what is asked is whether an exploration finds the shapes of the force field, not of
nature. `tests/benchmarks/chignolin_reference.py` made the reference from long independent simulations.
"""

from __future__ import annotations

from functools import cached_property
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from sims.collective import Dihedral, Distance
from sims.engines.coarse import CoarseOptions, MartiniEngine
from sims.martini.model import CoarseModel
from sims.platforms import choose_platform
from sims.references.protocol import KnownStates
from sims.references.regions import Region, find_regions

__all__ = ["REGIONS", "Chignolin"]

REGIONS: dict[str, Region] = {
    "closed": ((0.3, 0.9), (-60.0, 120.0)),
    "bent_minus": ((0.9, 1.6), (-180.0, 0.0)),
    "bent_plus": ((0.9, 1.6), (0.0, 180.0)),
    "open_trans": ((1.6, 3.0), (120.0, 300.0)),
    "open_cis": ((1.6, 3.0), (-60.0, 60.0)),
    "open_plus": ((1.6, 3.0), (60.0, 120.0)),
}
"""Each state's range of the end-to-end distance in nm and of the turn in degrees; the turn goes on beyond 180."""

_OPTIONS = CoarseOptions()


class Chignolin:
    """A `ReferenceMolecule` of 24 beads in about 500 of water and ions."""

    n_beads = 24
    bounds = ((0.3, 3.0), (-180.0, 180.0))
    periods = (None, 360.0)
    scales = (1.0, 100.0)
    unit = "nm or 100 degrees"
    timestep = _OPTIONS.timestep

    @cached_property
    def beads(self) -> CoarseModel:
        """The Martini 3 model."""
        with as_file(files("sims.references").joinpath("data/chignolin")) as folder:
            return CoarseModel.load(folder)

    @property
    def start(self) -> NDArray[np.float64]:
        """A bent chain, built from the sequence."""
        return self.beads.positions

    @property
    def backbone(self) -> list[int]:
        """Backbone beads."""
        return [int(bead) for bead in self.beads.backbone]

    @property
    def side_chains(self) -> list[int]:
        """All other beads."""
        return [bead for bead, label in enumerate(self.beads.labels) if label.name != "BB"]

    @cached_property
    def known(self) -> KnownStates:
        """From long independent simulations."""
        return KnownStates.read("chignolin")

    def engine(self) -> MartiniEngine:
        """A new engine, on one thread of the CPU: several at once give more than one on all."""
        return MartiniEngine(self.beads, _OPTIONS, choose_platform("CPU", threads=1))

    def coordinates(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """End-to-end distance in nm and turn in degrees, shape (n, 2), of frames (n, 24, 3) in nm."""
        backbone = self.backbone
        turn = Dihedral((backbone[3], backbone[4], backbone[5], backbone[6]))
        return np.stack([Distance(backbone[0], backbone[-1])(frames), turn(frames)], axis=1)

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """Which of `REGIONS` each point (n, 2) is in; -1 for none."""
        return find_regions(coordinates, list(REGIONS.values()), self.periods)
