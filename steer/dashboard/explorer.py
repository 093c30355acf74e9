"""Everything of a campaign that the dashboard shows, and the thread that keeps it up to date."""

from __future__ import annotations

import logging
import math
import threading
from typing import TYPE_CHECKING, Any

from steer.dashboard.atlas import Atlas, MapPoints
from steer.dashboard.campaign_view import CampaignView
from steer.dashboard.colours import Colours
from steer.dashboard.live import Live
from steer.dashboard.progress import CoverageProgress
from steer.dashboard.records import JournalCache
from steer.dashboard.structures import Structures
from steer.exceptions import StorageError
from steer.framereader import FrameReader
from steer.metrics import Snapshot
from steer.recorder import recent_latency

if TYPE_CHECKING:
    from sims.collective import Collective
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig

__all__ = ["Explorer"]

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""s between two looks for new frames."""


class Explorer:
    """One campaign, open for looking at.

    Parameters
    ----------
    directory : CampaignDirectory
    config : CampaignConfig
    redis : str, optional
        URL of a server that is not the campaign's own.

    Attributes
    ----------
    view : CampaignView
    structures : Structures
    colours : Colours
    ending : bool
        Set when the server is asked to end: pages that listen are let go.
    """

    def __init__(
        self, directory: CampaignDirectory, config: CampaignConfig, redis: str | None = None
    ) -> None:
        self._directory, self._config = directory, config
        self._journal = JournalCache(directory.journal)
        self.view = CampaignView(
            directory, config, self._journal, Live(directory, config.campaign.name, redis)
        )
        self.structures = Structures(directory)
        self.colours = Colours()
        self._atlas = Atlas(directory, self._journal)
        self._progress = CoverageProgress(config.coarse.frame_interval)
        self.ending = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="atlas", daemon=True)

    def start(self) -> None:
        """Begin to read frames.

        Raises
        ------
        JournalError
            When the journal is damaged, or of another version.
        """
        self._journal.read()
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def points(self) -> MapPoints | None:
        """The frames on the map; None before the first model."""
        return self._atlas.now

    def map_state(self) -> dict[str, Any]:
        """What the page must know to ask for tiles; ``frames`` is 0 while there is no map."""
        points = self._atlas.now
        reader = self._atlas.reader
        state: dict[str, Any] = {
            "frames": 0,
            "stored": len(reader) if reader else 0,
            "problem": self._atlas.problem,
        }
        if points is None:
            return state
        return state | {
            "frames": len(points),
            "version": points.version,
            "extent": points.extent,
            "labels": points.view.labels,
            "generations": int(points.generation.max(initial=0)) + 1,
            "colours": self.colours.offered,
        }

    def marks(self) -> list[Any]:
        """Seeds and refinements on the map."""
        return list(self._atlas.marks)

    def coverage(self) -> dict[str, Any] | None:
        """Coverage with its control; None before it was first measured."""
        return self._progress.read(self._atlas.now, self._journal.read())

    def numbers(self) -> Snapshot | None:
        """What ``/metrics`` tells; None before there is a status."""
        status = self.view.snapshot()
        if status is None:
            return None
        try:
            return Snapshot(status, recent_latency(FrameReader(self._directory.frames)))
        except StorageError:
            return Snapshot(status, (math.nan, math.nan))

    def _advance(self) -> bool:
        if self._atlas.advance():
            return True
        reader = self._atlas.reader
        if reader is None or self._atlas.now is None:
            return False
        if not self.colours.complete:
            self.colours.add(_collectives(self._directory, self._config))
        return self.colours.advance(reader)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                more = self._advance()
            except Exception:
                # The page goes on without new frames rather than ending; what went wrong is in the log.
                log.exception("the map could not be brought up to date")
                more = False
            if not more:
                self._stop.wait(LOOK_EVERY)


def _collectives(directory: CampaignDirectory, config: CampaignConfig) -> dict[str, Collective]:
    """Two that are always of use, and those of the campaign file."""
    from sims.collective import make_collective
    from steer.collectives import bind_collectives
    from steer.molecule import load_beads

    coarse = load_beads(config.molecule, directory, 1)
    backbone = [bead for bead, label in enumerate(coarse.labels) if label.name == "BB"]
    built_in: dict[str, Collective] = {}
    if len(backbone) >= 3:
        built_in = {
            "radius of gyration": make_collective("radius_of_gyration", backbone, coarse.n_beads),
            "RMSD to the input": make_collective("rmsd", backbone, coarse.n_beads, coarse.positions),
        }
    return built_in | bind_collectives(config.collective, coarse)
