"""How far every stored frame is from the target of a campaign, measured as frames arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from steer.collectives import bind_collectives

if TYPE_CHECKING:
    from sims.collective import Collective
    from steer.beads import BeadMolecule
    from steer.config import CampaignConfig
    from steer.config.selection import Target

__all__ = ["Measured", "measured_target"]

AT_ONCE = 20_000
"""Frames read at a time."""


def measured_target(config: CampaignConfig, frames: _Frames, coarse: BeadMolecule) -> Measured | None:
    """What the campaign's target asks to be measured; None without a target."""
    target, wanted = config.selection.target, config.target_collective()
    if target is None or wanted is None:
        return None
    return Measured(frames, bind_collectives([wanted], coarse)[wanted.name], target)


class _Frames(Protocol):
    def __len__(self) -> int: ...

    def positions(self, rows: slice) -> NDArray[np.float32]:
        """Bead positions, shape (n, n_beads, 3), nm."""


class Measured:
    """Costs of the rows of a frame store.

    Parameters
    ----------
    frames : FrameStore
    collective : Collective
        What the target is about.
    target : Target
    """

    def __init__(self, frames: _Frames, collective: Collective, target: Target) -> None:
        self._frames, self._collective, self._target = frames, collective, target
        self._blocks: list[NDArray[np.float32]] = []
        self._count = 0

    def costs(self, count: int) -> NDArray[np.float32]:
        """Distance to the target of the first `count` rows, negated when it is to be left; shape (count,)."""
        while self._count < count:
            stop = min(count, self._count + AT_ONCE)
            values = self._collective(self._frames.positions(slice(self._count, stop)))
            self._blocks.append(self._cost(values).astype(np.float32))
            self._count = stop
        self._blocks = [np.concatenate([np.empty(0, np.float32), *self._blocks])]
        return self._blocks[0][:count]

    def _cost(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        from sims.collective import deviation

        if self._target.towards is not None:
            return deviation(values, self._target.towards, self._collective.period)
        return -deviation(values, self._target.away_from or 0.0, self._collective.period)
