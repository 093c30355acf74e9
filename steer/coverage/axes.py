"""Quantities that frames are laid out along: the user's collective variables, and single latent dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.exceptions import ConfigError

if TYPE_CHECKING:
    from sims.collective import Collective
    from steer.coverage.data import CoverageData
    from steer.framereader import FrameReader

__all__ = ["Axis", "axis_of", "measure_axes", "parse_axes"]

READ_AT_ONCE = 5_000


@dataclass(frozen=True)
class Axis:
    """One quantity of every frame.

    Attributes
    ----------
    name : str
    unit : str
        ``nm``, ``deg`` or ``""``.
    values : ndarray, shape (n,)
    period : float or None
        After which values repeat; they lie between minus and plus half of it.
    """

    name: str
    unit: str
    values: NDArray[np.float64]
    period: float | None = None

    @property
    def label(self) -> str:
        """Name and unit, for an axis of a picture."""
        words = self.name.replace("_", " ")
        return f"{words} ({self.unit})" if self.unit else words


def measure_axes(collectives: Mapping[str, Collective], store: FrameReader, rows: int) -> dict[str, Axis]:
    """The collective variables of the first frames of a store, by name.

    Parameters
    ----------
    collectives : mapping of str to Collective
    store : FrameReader
    rows : int
        How many frames.
    """
    if not collectives:
        return {}
    values = {name: np.empty(rows) for name in collectives}
    for start in range(0, rows, READ_AT_ONCE):
        chunk = slice(start, min(rows, start + READ_AT_ONCE))
        positions = store.positions(chunk)
        for name, collective in collectives.items():
            values[name][chunk] = collective(positions)
    return {name: Axis(name, each.unit, values[name], each.period) for name, each in collectives.items()}


def axis_of(data: CoverageData, name: str) -> Axis:
    """The axis of a collective variable, or of a latent dimension (``latent_1`` is the first).

    Raises
    ------
    ConfigError
        When there is none of that name; tells the nearest.
    """
    latents = [f"latent_{i + 1}" for i in range(data.points.shape[1])]
    if name in data.axes:
        return data.axes[name]
    if name in latents:
        return Axis(name, "", data.points[:, latents.index(name)].astype(np.float64))
    known = [*data.axes, *latents]
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are {', '.join(known)}."
    raise ConfigError(f"there is no collective variable {name!r}; {hint}", key="--axes")


def parse_axes(wanted: Sequence[str], named: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of axes to draw free energies over.

    Parameters
    ----------
    wanted : sequence of str
        As the user gave them: ``"rmsd,rg"``.
    named : sequence of str
        Collective variables of the campaign file; when nothing is wanted, the first two are drawn, or the only one
        beside the first latent.

    Raises
    ------
    ConfigError
        When one is not two different names with a comma between them.
    """
    if not wanted:
        first = [*named[:2], "latent_1"][:2]
        return [(first[0], first[1])] if named else []
    pairs = []
    for text in wanted:
        names = [name.strip() for name in text.split(",")]
        if len(names) != 2 or not all(names) or names[0] == names[1]:
            raise ConfigError(
                f"expected two different names such as 'rmsd,latent_1', not {text!r}", key="--axes"
            )
        pairs.append((names[0], names[1]))
    return pairs
