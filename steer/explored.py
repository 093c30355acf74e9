"""The map of what has been explored: latent points of one model version, which of them are candidates, and coverage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.candidates import CandidateTable
from steer.catchup import FAR, CatchUp
from steer.decide import Candidates
from steer.latents import LatentTable
from steer.occupancy import Occupancy
from steer.selection.sanity import sane

if TYPE_CHECKING:
    from models.protocols import LatentModel
    from steer.discoveries import Discoveries
    from steer.framestore import FrameStore
    from steer.latentfile import LatentFile
    from steer.measured import Measured

__all__ = ["ENCODE_AT_ONCE", "ExploredMap"]

ENCODE_AT_ONCE = 20_000
"""Frames encoded between two looks at the stream, so that re-encoding never holds up ingest."""

EXPLORED_SAMPLE = 100_000
"""Latent points at most from which the map's thinness is judged, spread evenly over all."""


class ExploredMap:
    """Keeps the latent table of the model in use, and that of its successor while it catches up.

    Parameters
    ----------
    store : FrameStore
    pairs : ndarray, shape (m, 2), int
        Bonded bead pairs, for the sanity filter.
    lengths : ndarray, shape (m,)
        Their equilibrium lengths in nm.
    target : Measured, optional
        Where the campaign is to go.

    Attributes
    ----------
    model : LatentModel or None
        In use.
    """

    def __init__(
        self,
        store: FrameStore,
        pairs: NDArray[np.integer],
        lengths: NDArray[np.floating],
        target: Measured | None = None,
    ) -> None:
        self._store, self._target = store, target
        self._pairs, self._lengths = pairs, lengths
        self._sanity = partial(sane, pairs=pairs, lengths=lengths)
        self._current: LatentTable | None = None
        self._pending: LatentTable | None = None
        self._catch_up: CatchUp | None = None
        self._open_pending: Callable[[], LatentTable] | None = None
        self._candidates: CandidateTable | None = None
        self._folder: Path | None = None
        self._pending_folder: Path | None = None
        self._trained = 0
        self._occupancy = self._pending_occupancy = Occupancy(store, 0)
        self.model: LatentModel | None = None

    @property
    def version(self) -> int:
        """Latent model version in use; 0 before the first."""
        return self.model.version if self.model else 0

    @property
    def coverage(self) -> int:
        """Occupied cells of the latent space in use."""
        return len(self._occupancy)

    @property
    def discoveries(self) -> dict[str, Discoveries]:
        """By level: which simulations were the first in the map's cells."""
        return self._occupancy.discoveries

    def adopt(self, model: LatentModel, trained: int, file: LatentFile | None = None) -> None:
        """Begin to encode everything with a new version; it is used once it is level with the store.

        Parameters
        ----------
        model : LatentModel
        trained : int
            The first `trained` rows were trained on; their spread sets the size of the coverage cells.
        file : LatentFile, optional
            Where its latent points are kept; those that are there are not encoded again.
        """
        self.close()
        kept = None if file is None or file.read_only else file
        self._pending_folder = None if kept is None else kept.directory
        self._trained = trained
        self._pending, self._pending_occupancy = None, Occupancy(self._store, trained)
        self._open_pending = partial(LatentTable, model, self._store, self._sanity, file)
        if kept is not None and len(self._store) - kept.rows() > FAR:
            self._catch_up = CatchUp(kept, self._store, self._pairs, self._lengths)

    def close(self) -> None:
        """Stop encoding with a new version, if that is under way."""
        if self._catch_up is not None:
            self._catch_up.stop()
        self._catch_up = None

    def advance(self, *, busy: bool = False) -> bool:
        """Encode a bounded number of frames; returns whether a new version came into use.

        Parameters
        ----------
        busy : bool
            Whether more frames wait than are taken in at once: a process that encodes beside the loop makes way.
        """
        if self._catch_up is not None and self._catch_up.done(busy=busy):
            self._catch_up = None
        if self._catch_up is None and self._open_pending is not None:
            if self._pending is None:
                self._pending = self._open_pending()
            if self._count(self._pending):
                # More than come in at once: it gains on a stream that never ends.
                self._pending.advance(2 * ENCODE_AT_ONCE)
                if self._count(self._pending) and self._pending.level:
                    self._switch(self._pending)
                    return True
                if len(self._store) - len(self._pending) <= FAR:
                    # The old version waits: to encode every new frame twice takes as long as they take to come.
                    return False
        if self._current is not None and self._current.advance(ENCODE_AT_ONCE):
            self._occupancy.count(self._current.points)
        return False

    def _count(self, pending: LatentTable) -> bool:
        """Whether the new version's cells are counted as far as it has come, after some more of them; the first version's
        are counted at once."""
        if len(pending) < self._trained and not pending.level:
            return True
        counted = self._pending_occupancy.count(pending.points)
        while not counted and self._current is None:
            counted = self._pending_occupancy.count(pending.points)
        return counted

    def _switch(self, pending: LatentTable) -> None:
        self._current, self._pending, self._candidates = pending, None, None
        self._occupancy, self._folder = self._pending_occupancy, self._pending_folder
        self._open_pending = None
        self.model = pending.model

    @property
    def drift(self) -> float:
        """Decode error of the frames the model in use was not trained on, over that of those it was."""
        return self._current.drift(self._trained) if self._current and self._open_pending is None else 1.0

    def points(self, rows: Collection[int]) -> NDArray[np.float32]:
        """Latent points of these rows, shape (n, d)."""
        if self._current is None:
            return np.empty((0, 2), np.float32)
        return self._current.points[np.fromiter(rows, np.int64, len(rows))]

    def sample(self) -> NDArray[np.float32]:
        """Latent points spread evenly over all frames, shape (n, d)."""
        if self._current is None:
            return np.empty((0, 2), np.float32)
        stride = max(1, len(self._current) // EXPLORED_SAMPLE)
        return self._current.points[::stride]

    def keep(self, at_once: bool = False) -> None:
        """Write down what is known of the candidates, for the next start: when it is much, or `at_once`."""
        if self._candidates is not None:
            self._candidates.keep(at_once)

    def candidates(
        self, promoted: Sequence[int], starts: NDArray[np.float32]
    ) -> tuple[Candidates, NDArray[np.int64]] | None:
        """CG frames that are sane, and their rows; None before the first model.

        Parameters
        ----------
        promoted : sequence of int
            Rows of all promotions, in their order; they are not free any more.
        starts : ndarray, shape (k, d)
            Latent points of all seeds, in the order in which they came to be on the map.
        """
        if self._current is None:
            return None
        if self._candidates is None:
            self._candidates = CandidateTable(self._current, self._store, self._folder)
        table = self._candidates
        table.update(promoted, starts)
        cost = None if self._target is None else self._target.costs(len(self._current))[table.rows]
        candidates = Candidates(
            table.points,
            table.parents,
            cost=cost,
            free=table.free,
            to_promoted=table.promoted,
            to_starts=table.started,
        )
        return candidates, table.rows
