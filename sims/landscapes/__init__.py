"""Landscapes with a known answer, one a file; a new one is that file and one line in `LANDSCAPES`.

Importing this package imports no OpenMM; `sims.landscapes.engine` does.
"""

from __future__ import annotations

from collections.abc import Callable

from sims.landscapes.double_well import DoubleWell
from sims.landscapes.entropic_bottleneck import EntropicBottleneck
from sims.landscapes.many_funnels import ManyFunnels
from sims.landscapes.muller_brown import MullerBrown
from sims.landscapes.protocol import Landscape, states
from sims.landscapes.walkers import embed, followed_pairs, project

__all__ = [
    "LANDSCAPES",
    "DoubleWell",
    "EntropicBottleneck",
    "Landscape",
    "ManyFunnels",
    "MullerBrown",
    "embed",
    "followed_pairs",
    "make_landscape",
    "project",
    "states",
]

LANDSCAPES: dict[str, Callable[[], Landscape]] = {
    "muller_brown": MullerBrown,
    "double_well": DoubleWell,
    "entropic_bottleneck": EntropicBottleneck,
    "many_funnels": ManyFunnels,
}
"""By name, each with its default parameters."""


def make_landscape(name: str) -> Landscape:
    """The landscape of this name.

    Raises
    ------
    ValueError
        When there is none.
    """
    if name not in LANDSCAPES:
        raise ValueError(f"There is no landscape {name!r}; choose one of {', '.join(LANDSCAPES)}.")
    return LANDSCAPES[name]()
