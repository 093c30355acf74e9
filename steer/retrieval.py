"""Frames of finished simulations that never reached the frame store, taken from the simulations' own trajectories.

A frame that Redis had taken and lost before the coordinator stored it, with its data or in the last moments before a
power cut, is in no queue any more. Its simulation wrote it to its trajectory before that, with the same precision; once
the simulation has ended and the stream is empty, what is missing in the store is read from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steer.frames import Frame
from steer.links import link_in

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory
    from steer.framestore import FrameStore
    from steer.journal import Simulation

__all__ = ["Completed", "Retrieval"]


@dataclass(frozen=True)
class Completed:
    """What became of the missing frames of one simulation.

    Attributes
    ----------
    retrieved : int
        Stored now.
    lost : int
        In the trajectory neither; those left out that were told before.
    """

    retrieved: int
    lost: int


class Retrieval:
    """Makes the frame store complete for the simulations that have ended.

    Parameters
    ----------
    directory : CampaignDirectory
    store : FrameStore
        Open for writing.
    campaign : str
        Name of the campaign.
    every : dict of str to int
        Steps between frames, by level.
    """

    def __init__(
        self, directory: CampaignDirectory, store: FrameStore, campaign: str, every: dict[str, int]
    ) -> None:
        self._directory, self._store, self._campaign, self._every = directory, store, campaign, every
        self._ended: dict[str, Simulation] = {}
        self._lost: dict[str, int] = {}

    def expect(self, simulations: Iterable[Simulation]) -> None:
        """Have these simulations looked at, as far as they are done."""
        self._ended |= {each.id: each for each in simulations if each.state == "done"}

    def complete(self) -> dict[str, Completed]:
        """Store what is missing of the simulations that were announced since; call it when the stream is empty.

        Returns
        -------
        dict of str to Completed
            Simulations of which something was missing.
        """
        if not self._ended:
            return {}
        stored = self._store.frames_of_simulations()
        completed = {}
        for id, simulation in self._ended.items():
            missing = int((simulation.result or {}).get("frames", 0)) - stored.get(id, 0)
            if missing > 0:
                retrieved = len(self._store.append(self._frames_of(simulation)))
                lost = missing - retrieved
                completed[id] = Completed(retrieved, max(0, lost - self._lost.get(id, 0)))
                self._lost[id] = lost
        self._ended.clear()
        return completed

    def _frames_of(self, simulation: Simulation) -> list[Frame]:
        # Here, because mdtraj takes a tenth of a second of a start, and nearly no start needs it.
        from sims.trajectory import list_parts, read_part

        every = self._every[simulation.level]
        folder = self._directory.simulation(simulation.id)
        frames = []
        for begin, path in (
            list_parts(folder) if folder.is_dir() and not (folder.is_symlink() or link_in(folder)) else []
        ):
            part = read_part(path)
            first = begin // every + 1
            for index, (moment, box, positions) in enumerate(
                zip(part.times.tolist(), part.boxes, part.positions, strict=True), first
            ):
                frames.append(
                    Frame(
                        campaign=self._campaign,
                        simulation=simulation.id,
                        level=simulation.level,
                        step=index * every,
                        time=moment,
                        box=box,
                        force_field=simulation.force_field,
                        published=time.time(),
                        positions=positions,
                    )
                )
        return frames
