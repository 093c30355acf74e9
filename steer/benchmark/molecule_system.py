"""A reference molecule as a `System` of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.features import BeadFeatures
from sims.references import ReferenceMolecule, make_reference
from sims.references.walkers import MoleculeWalkers
from steer.beads import BeadMolecule
from steer.benchmark.grid_reference import GridReference
from steer.benchmark.metric import Metric
from steer.benchmark.reference import Reference

__all__ = ["MoleculeSystem"]


@dataclass(frozen=True)
class MoleculeSystem:
    """A `System` whose coordinates and states are the molecule's.

    Attributes
    ----------
    name : str
        One of `sims.references.REFERENCES`.
    """

    name: str

    @property
    def molecule(self) -> ReferenceMolecule:
        """Made once in each process."""
        return _molecule(self.name)

    @property
    def timestep(self) -> float:
        """ps."""
        return self.molecule.timestep

    @property
    def unit(self) -> str:
        """The molecule's."""
        return self.molecule.unit

    @property
    def n_states(self) -> int:
        """Those known."""
        return len(self.molecule.known.names)

    @property
    def definition(self) -> dict[str, Any]:
        """Name, and how the truth is known."""
        return {"reference": self.name, "truth": self.molecule.known.truth}

    @property
    def beads(self) -> BeadMolecule:
        """The molecule's."""
        return self.molecule.beads

    @property
    def features(self) -> BeadFeatures:
        """Those of any molecule with a backbone, as a campaign computes them."""
        molecule = self.molecule
        return BeadFeatures.for_molecule(molecule.n_beads, [molecule.backbone], molecule.side_chains)

    def walkers(self, copies: int, seed: int) -> MoleculeWalkers:
        """One context, whatever the copies: they take turns."""
        return MoleculeWalkers(self.molecule, seed)

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """The molecule's; -1 between them."""
        return self.molecule.states(coordinates)

    def reference(self) -> Reference:
        """From the density that long simulation gave."""
        molecule = self.molecule
        metric = Metric(molecule.scales, molecule.periods)
        return GridReference(molecule.bounds, molecule.known.density, metric)


@cache
def _molecule(name: str) -> ReferenceMolecule:
    return make_reference(name)
