"""Seeds and refinements as marks on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from sims.exceptions import SimsError
from sims.martini.beadpdb import parse_pdb
from steer.molecule import read_record

if TYPE_CHECKING:
    from models.protocols import LatentModel
    from steer.campaign import CampaignDirectory
    from steer.dashboard.atlas import MapPoints
    from steer.dashboard.records import Records
    from steer.journal import Seed

__all__ = ["Mark", "Marks"]


class Mark(msgspec.Struct, frozen=True):
    """A place on the map with a name.

    Attributes
    ----------
    kind : {"seed", "refinement"}
    id : str
        ``seed 3`` or ``aa-000003``.
    state : str
        Of a seed its origin: ``input``, ``cg``, ``aa``; of a refinement ``open``, ``done``, ``rejected``, ``failed``.
    generation : int
    x, y : float
        In the map's coordinates.
    row : int or None
        The frame that was promoted; None for a seed.
    """

    kind: str
    id: str
    state: str
    generation: int
    x: float
    y: float
    row: int | None = None


class Marks:
    """Places seeds and refinements on the map of one model version; each seed is encoded once.

    Parameters
    ----------
    directory : CampaignDirectory
    model : LatentModel
    """

    def __init__(self, directory: CampaignDirectory, model: LatentModel) -> None:
        self._directory, self._model = directory, model
        self._places: dict[int, NDArray[np.float32] | None] = {}
        self._labels = read_record(directory, 1).labels

    @property
    def version(self) -> int:
        """Of the model."""
        return self._model.version

    def placed(self, points: MapPoints, records: Records) -> list[Mark]:
        """Marks of the seeds that can be read and of the refinements whose frame is on the map, by id."""
        self._encode([seed for seed in records.seeds if seed.id not in self._places])
        marks = []
        for seed in records.seeds:
            latent = self._places[seed.id]
            if latent is not None:
                x, y = points.view(latent[None])[0].tolist()
                marks.append(Mark("seed", f"seed {seed.id}", seed.origin, seed.generation, x, y))
        simulations = {simulation.id: simulation for simulation in records.simulations}
        for promotion in records.promotions:
            row, refinement = promotion.frame_row, simulations[promotion.simulation]
            if row < len(points):
                x, y = float(points.x[row]), float(points.y[row])
                marks.append(
                    Mark("refinement", refinement.id, refinement.state, refinement.generation, x, y, row)
                )
        return marks

    def _encode(self, seeds: list[Seed]) -> None:
        for seed in seeds:
            try:
                beads = parse_pdb(self._directory.root / seed.file, self._labels)
            except SimsError:
                self._places[seed.id] = None
            else:
                self._places[seed.id] = self._model.encode(beads[None].astype(np.float32))[0]
