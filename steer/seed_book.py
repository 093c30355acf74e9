"""The seeds as decisions see them: which may start simulations again, and where all of them lie on the map.

Seeds grow by thousands and are asked for at every decision, so what is known of them is kept and only what changed is
looked at. A seed that is a stored frame lies where the map has that frame; the structures of the others are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.decide import SeedOption

if TYPE_CHECKING:
    from steer.explored import ExploredMap
    from steer.journal import Seed
    from steer.ledger import Ledger

__all__ = ["SeedBook"]


class SeedBook:
    """What decisions know of the seeds.

    Parameters
    ----------
    ledger : Ledger
    map : ExploredMap
    read : callable
        Bead positions of a seed's file, shape (n_beads, 3), nm.
    per_refinement : int
        Simulations started from one refined structure at most.
    """

    def __init__(
        self,
        ledger: Ledger,
        map: ExploredMap,
        read: Callable[[Seed], NDArray[np.floating]],
        per_refinement: int,
    ) -> None:
        self._ledger, self._map, self._read, self._per_refinement = ledger, map, read, per_refinement
        self._taken = 0
        self._beads: list[NDArray[np.float32]] = []
        self._options: list[SeedOption] = []
        self._live: set[int] = set()
        self._rows: list[int] = []
        self._placed: list[NDArray[np.float32]] = []

    def options(self) -> list[SeedOption]:
        """Input structures and refined structures, by id, with what was started from each; not to be changed."""
        self._take_new()
        for place in sorted(self._live):
            option = self._options[place]
            started = self._ledger.started[option.id]
            if started != option.started:
                self._options[place] = SeedOption(option.id, option.origin, started, option.point)
            if option.origin == "aa" and started >= self._per_refinement:
                self._live.discard(place)
        return self._options

    def starts(self) -> NDArray[np.float32]:
        """Latent points of all seeds that are on the map, shape (m, d), each once, in the order they came to be there."""
        self._take_new()
        if self._rows and self._map.model is not None:
            self._placed.append(_finite(self._map.points(self._rows)))
            self._rows = []
        self._placed = [np.concatenate(self._placed)] if self._placed else []
        return self._placed[0] if self._placed else np.empty((0, 2), np.float32)

    def place(self) -> None:
        """Find the places of all seeds anew: another version of the latent model is in use."""
        self._take_new()
        self._placed = []
        if self._beads:
            self._locate(range(len(self._options)))
        self._rows = [seed.frame_row for seed in self._ledger.seeds.values() if seed.frame_row is not None]

    def _take_new(self) -> None:
        first = len(self._options)
        while self._taken < self._ledger.last_seed:
            self._taken += 1
            seed = self._ledger.seeds[self._taken]
            if seed.frame_row is not None:
                self._rows.append(seed.frame_row)
                continue
            self._live.add(len(self._options))
            self._beads.append(np.asarray(self._read(seed), dtype=np.float32))
            self._options.append(SeedOption(seed.id, seed.origin, self._ledger.started[seed.id]))
        if first < len(self._options):
            self._locate(range(first, len(self._options)))

    def _locate(self, places: range) -> None:
        if self._map.model is None:
            return
        points = self._map.model.encode(np.array(self._beads[places.start : places.stop]))
        for place, point in zip(places, points, strict=True):
            option = self._options[place]
            self._options[place] = SeedOption(option.id, option.origin, option.started, point)
        self._placed.append(_finite(points))


def _finite(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return points[np.isfinite(points).all(axis=1)]
