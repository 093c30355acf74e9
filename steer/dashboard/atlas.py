"""All frames of a campaign as points of the newest model's map, growing as frames come."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.measures import View, two_dimensional_view
from steer.dashboard.binning import Window
from steer.dashboard.marks import Mark, Marks
from steer.dashboard.records import JournalCache
from steer.exceptions import SteerError, StorageError
from steer.framereader import FrameReader
from steer.journal import Model, Simulation
from steer.latentfile import LatentFile
from steer.latents import LatentTable

if TYPE_CHECKING:
    from models.protocols import LatentModel
    from steer.campaign import CampaignDirectory

__all__ = ["Atlas", "MapPoints"]

log = logging.getLogger(__name__)

ENCODE_AT_ONCE = 20_000
"""Frames encoded in one piece of work."""

VIEWED = 100_000
"""Frames at most from which the axes of the view are found."""

MARGIN = 0.04


@dataclass(frozen=True)
class MapPoints:
    """The frames on one model version's map, as they are now. Arrays are never written to again.

    Attributes
    ----------
    version : int
        Latent model version.
    view : View
        From latent space to the map's coordinates; fixed for a version.
    points : ndarray, shape (n, d), float32
        Latent points, row by row as in the frame store.
    errors : ndarray, shape (n,), float32
        Decode errors.
    x, y : ndarray, shape (n,), float32
        In the view.
    cg, aa : ndarray, shape (n,), bool
        Level; neither for a damaged record.
    number : ndarray, shape (n,), uint32
        Number of each frame's simulation within its level.
    generation : ndarray, shape (n,), int16
    unsteered : ndarray, shape (n,), bool
        Whether no selection had a say in where the simulation started.
    extent : Window
        What all points fit into, with a margin.
    """

    version: int
    view: View
    points: NDArray[np.float32]
    errors: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    cg: NDArray[np.bool_]
    aa: NDArray[np.bool_]
    number: NDArray[np.uint32]
    generation: NDArray[np.int16]
    unsteered: NDArray[np.bool_]
    extent: Window

    def __len__(self) -> int:
        return len(self.x)

    def simulation(self, row: int) -> str:
        """Id of the simulation that a row is from; empty for a damaged record."""
        level = "cg" if self.cg[row] else "aa" if self.aa[row] else ""
        return f"{level}-{self.number[row]:06d}" if level else ""

    def chosen(self, level: str, generation: int | None) -> NDArray[np.bool_] | None:
        """Which frames a layer shows; None for all.

        Parameters
        ----------
        level : {"all", "cg", "aa", "unsteered"}
        generation : int, optional
        """
        kept = {"cg": self.cg, "aa": self.aa, "unsteered": self.unsteered}.get(level)
        if generation is None:
            return kept
        of_generation = self.generation == generation
        return of_generation if kept is None else kept & of_generation


class Atlas:
    """Keeps the map of the newest model. `advance` does the work, in pieces, from one thread; `now` may be read from any.

    Parameters
    ----------
    directory : CampaignDirectory
    journal : JournalCache

    Attributes
    ----------
    now : MapPoints or None
        None before the first model.
    marks : list of Mark
        Seeds and refinements on the same map.
    problem : str
        Why the map cannot be drawn; empty when it can.
    """

    def __init__(self, directory: CampaignDirectory, journal: JournalCache) -> None:
        self._directory, self._journal = directory, journal
        self._reader: FrameReader | None = None
        self._growing: _Growing | None = None
        self._marks: Marks | None = None
        self.now: MapPoints | None = None
        self.marks: list[Mark] = []
        self.problem = ""

    @property
    def reader(self) -> FrameReader | None:
        """The frame store, for the thread that calls `advance`; None while there is none."""
        return self._reader

    def advance(self) -> bool:
        """Look for a newer model and for frames, and put a bounded number of them on the map.

        Returns
        -------
        bool
            Whether there is more to do at once.
        """
        try:
            more = self._advance()
        except (SteerError, StorageError) as error:
            self.problem = str(error)
            return False
        self.problem = ""
        return more

    def _advance(self) -> bool:
        if self._reader is None:
            if not (self._directory.frames / "shards.json").exists():
                return False
            self._reader = FrameReader(self._directory.frames)
        self._reader.refresh()
        records = self._journal.read()
        model = records.trained()
        if model is None:
            return False
        if self._growing is None or self._growing.version != model.version:
            self._growing = self._begin(model)
        added = self._growing.advance(records.simulations)
        more = not self._growing.level
        # A new version takes the old one's place when it has caught up; the first one is shown as it grows.
        if added and (not more or self.now is None or self.now.version == self._growing.version):
            self.now = self._growing.snapshot()
        if not more and self.now is not None:
            if self._marks is None or self._marks.version != model.version:
                self._marks = Marks(self._directory, self._growing.model)
            self.marks = self._marks.placed(self.now, records)
        return more

    def _begin(self, model: Model) -> _Growing:
        from models.registry import load_model

        assert self._reader is not None
        folder = self._directory.model(model.version)
        latent = load_model(folder)
        kept = LatentFile(self._directory.latents(model.version), folder, latent.n_latents, read_only=True)
        table = LatentTable(latent, self._reader, file=kept)
        log.info("latent model %d: %d of %d frames are encoded", model.version, len(table), len(self._reader))
        while table.advance(0):
            # Blocks that are damaged on disk are made again before anything is drawn.
            pass
        return _Growing(table, self._reader)


class _Growing:
    """One version's map while it grows."""

    def __init__(self, table: LatentTable, reader: FrameReader) -> None:
        self._table, self._reader = table, reader
        self._view: View | None = None
        self._columns: dict[str, NDArray[Any]] = {
            "x": np.empty(0, np.float32),
            "y": np.empty(0, np.float32),
            "cg": np.empty(0, np.bool_),
            "aa": np.empty(0, np.bool_),
            "number": np.empty(0, np.uint32),
            "generation": np.empty(0, np.int16),
            "unsteered": np.empty(0, np.bool_),
        }
        self._count = 0
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)

    @property
    def model(self) -> LatentModel:
        return self._table.model

    @property
    def version(self) -> int:
        return self.model.version

    @property
    def level(self) -> bool:
        return self._table.level

    def advance(self, simulations: list[Simulation]) -> int:
        self._table.advance(ENCODE_AT_ONCE)
        start, stop = self._count, len(self._table)
        if stop == start:
            return 0
        if self._view is None:
            stride = max(1, stop // VIEWED)
            self._view = two_dimensional_view(self._table.points[::stride])
        place = self._view(self._table.points[start:stop]).astype(np.float32)
        self._low = np.minimum(self._low, place.min(axis=0))
        self._high = np.maximum(self._high, place.max(axis=0))
        level, number = self._reader.level[start:stop], self._reader.number[start:stop]
        cg, aa = level == "cg", level == "aa"
        generation, unsteered = _described(cg, aa, number.astype(np.int64), simulations)
        self._append(
            {
                "x": place[:, 0],
                "y": place[:, 1],
                "cg": cg,
                "aa": aa,
                "number": number,
                "generation": generation,
                "unsteered": unsteered,
            }
        )
        return stop - start

    def _append(self, new: dict[str, NDArray[Any]]) -> None:
        stop = self._count + len(new["x"])
        for name, values in new.items():
            column = self._columns[name]
            if stop > len(column):
                # A new array, never a larger old one: snapshots go on to look at theirs.
                larger = np.empty(max(stop, 2 * len(column)), column.dtype)
                larger[: self._count] = column[: self._count]
                self._columns[name] = column = larger
            column[self._count : stop] = values
        self._count = stop

    def snapshot(self) -> MapPoints:
        assert self._view is not None
        margin = MARGIN * np.maximum(self._high - self._low, 1e-6)
        low, high = self._low - margin, self._high + margin
        return MapPoints(
            version=self.version,
            view=self._view,
            points=self._table.points,
            errors=self._table.errors,
            extent=Window(float(low[0]), float(high[0]), float(low[1]), float(high[1])),
            **{name: column[: self._count] for name, column in self._columns.items()},
        )


def _described(
    cg: NDArray[np.bool_], aa: NDArray[np.bool_], number: NDArray[np.int64], simulations: list[Simulation]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Generation of each frame (-1 where the journal does not know its simulation) and whether it is unsteered."""
    size = int(number.max(initial=0)) + 1
    generations = {level: np.full(size, -1, np.int16) for level in ("cg", "aa")}
    unsteered = np.zeros(size, np.bool_)
    for simulation in simulations:
        place = int(simulation.id[3:])
        if place < size:
            generations[simulation.level][place] = simulation.generation
            if simulation.level == "cg":
                unsteered[place] = not simulation.steered
    generation = np.where(aa, generations["aa"][number], generations["cg"][number])
    return generation.astype(np.int16), cg & unsteered[number]
