"""The `ReferenceMolecule` protocol: a real molecule on the `Engine` seam, with states and populations to be found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sims.engines.base import OpenMMEngine

if TYPE_CHECKING:
    from sims.martini.model import CoarseModel
    from sims.references.atoms import AtomBeads

__all__ = ["KnownStates", "ReferenceMolecule"]


@dataclass(frozen=True)
class KnownStates:
    """What long simulation found.

    Attributes
    ----------
    names : tuple of str
        Of the states.
    populations, errors : ndarray, shape (n,)
        Probability of each state, with its standard error; the rest of one lies between the states.
    density : ndarray, shape (b, b)
        Probability on a grid of equal bins over the two coordinates, first along the first.
    truth : str
        How it was obtained, in a sentence.
    """

    names: tuple[str, ...]
    populations: NDArray[np.float64]
    errors: NDArray[np.float64]
    density: NDArray[np.float64]
    truth: str

    @classmethod
    def read(cls, name: str) -> Self:
        """Those of ``data/<name>.json``, which the molecule's benchmark script writes."""
        content: dict[str, Any] = json.loads(
            files("sims.references").joinpath(f"data/{name}.json").read_text()
        )
        return cls(
            tuple(content["names"]),
            np.array(content["populations"]),
            np.array(content["errors"]),
            np.array(content["density"]),
            str(content["truth"]),
        )


class ReferenceMolecule(Protocol):
    """A molecule to be explored, whose frames are also starts: every particle that an engine needs is followed."""

    @property
    def n_beads(self) -> int:
        """Followed particles."""

    @property
    def start(self) -> NDArray[np.float64]:
        """Where an exploration begins, shape (n_beads, 3), nm."""

    @property
    def beads(self) -> AtomBeads | CoarseModel:
        """What the followed particles are called, how they are bonded, and how they are read and written."""

    @property
    def backbone(self) -> Sequence[int]:
        """Followed particles along the chain, in order."""

    @property
    def side_chains(self) -> Sequence[int]:
        """Followed particles beside it that tell shapes apart."""

    @property
    def timestep(self) -> float:
        """ps."""

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """(lowest, highest) of each of the two coordinates."""

    @property
    def periods(self) -> tuple[float | None, float | None]:
        """After what each coordinate repeats; None for one that does not."""

    @property
    def scales(self) -> tuple[float, float]:
        """How much of each coordinate counts as a distance of one `unit`."""

    @property
    def unit(self) -> str:
        """What distances between pairs of coordinates are told in."""

    @property
    def known(self) -> KnownStates:
        """States and populations."""

    def engine(self) -> OpenMMEngine:
        """A new engine, neither started nor restored."""

    def coordinates(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        """The two coordinates, shape (n, 2), of frames (n, n_beads, 3) in nm."""

    def states(self, coordinates: NDArray[np.floating]) -> NDArray[np.int64]:
        """State at each pair of coordinates, shape (n,); -1 between the states."""
