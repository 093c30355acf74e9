"""Frames: the dataclass and its wire format. (Codec to be written: see the module's owner.)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One configuration of the followed beads at one time of one simulation; identity is (simulation, step).

    Attributes
    ----------
    campaign : str
        Name of the campaign.
    simulation : str
        ``cg-000012`` or ``aa-000003``.
    level : {"cg", "aa"}
    step : int
        Integrator steps since the simulation's start.
    time : float
        ps since the simulation's start.
    box : ndarray, shape (3,), float32
        nm; zeros without periodic box.
    force_field : int
        Force-field version it was run with.
    published : float
        Unix time of publishing. For latency only; no decision reads it.
    positions : ndarray, shape (n_beads, 3), float32
        nm, molecules whole.
    """

    campaign: str
    simulation: str
    level: str
    step: int
    time: float
    box: NDArray[np.float32]
    force_field: int
    published: float
    positions: NDArray[np.float32]

    @property
    def identity(self) -> tuple[str, int]:
        """(simulation, step): the same frame delivered twice has the same identity."""
        return self.simulation, self.step
