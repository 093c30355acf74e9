"""What the map can be coloured by, beside density: generation, age, decode error, and collective variables."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.dashboard.atlas import MapPoints

if TYPE_CHECKING:
    from sims.collective import Collective
    from steer.framereader import FrameReader

__all__ = ["Colour", "Colours"]

MEASURE_AT_ONCE = 20_000
"""Frames whose collective variables are measured in one piece of work."""


@dataclass(frozen=True)
class Colour:
    """One thing to colour by.

    Attributes
    ----------
    name, label : str
        The label has the unit.
    """

    name: str
    label: str


_BUILT_IN = (
    Colour("density", "density of frames"),
    Colour("generation", "generation"),
    Colour("age", "order of arrival"),
    Colour("error", "decode error"),
)


class Colours:
    """Values of frames. A collective variable is measured when it is first asked for, in the background.

    Collective variables are added when the molecule is prepared; until then there are the others.

    Attributes
    ----------
    complete : bool
        Whether the collective variables have been added.
    """

    def __init__(self) -> None:
        self._collectives: dict[str, Collective] = {}
        self._measured: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()
        self.complete = False

    def add(self, collectives: Mapping[str, Collective]) -> None:
        """Offer these collective variables too, by name."""
        self._collectives = dict(collectives)
        self.complete = True

    @property
    def offered(self) -> list[Colour]:
        """All there are."""
        return [*_BUILT_IN, *(Colour(name, f"{name} ({cv.unit})") for name, cv in self._collectives.items())]

    def values(self, name: str, points: MapPoints) -> NDArray[np.floating] | None:
        """A value for each frame, shape (n,), NaN where it is not measured yet; None for the density.

        Raises
        ------
        KeyError
            When nothing of this name is offered.
        """
        if name == "density":
            return None
        if name == "generation":
            return points.generation.astype(np.float32)
        if name == "age":
            return np.arange(len(points), dtype=np.float32)
        if name == "error":
            return points.errors
        return self._of_collective(name, len(points))

    def _of_collective(self, name: str, count: int) -> NDArray[np.float32]:
        if name not in self._collectives:
            raise KeyError(name)
        with self._lock:
            measured = self._measured.setdefault(name, np.empty(0, np.float32))
        values = np.full(count, np.nan, np.float32)
        known = min(count, len(measured))
        values[:known] = measured[:known]
        return values

    def advance(self, reader: FrameReader) -> bool:
        """Measure a bounded number of frames for what was asked for; returns whether there is more to do."""
        with self._lock:
            wanted = dict(self._measured)
        behind = {name: len(known) for name, known in wanted.items() if len(known) < len(reader)}
        if not behind:
            return False
        start = min(behind.values())
        stop = min(len(reader), start + MEASURE_AT_ONCE)
        positions = reader.positions(slice(start, stop))
        for name in (name for name, known in behind.items() if known == start):
            new = self._collectives[name](positions).astype(np.float32)
            with self._lock:
                self._measured[name] = np.concatenate([wanted[name], new])
        return True
