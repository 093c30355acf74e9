"""Which configurations are promoted. One rule a file; a new one is that file and one line in `SELECTORS`."""

from __future__ import annotations

from collections.abc import Callable

from steer.selection.dynim import DynIm
from steer.selection.dynim_batch import DynImBatch
from steer.selection.farthest_point import FarthestPoint
from steer.selection.knn_density import KnnDensity
from steer.selection.least_counts import LeastCounts
from steer.selection.outlier_factor import OutlierFactor
from steer.selection.protocol import Picks, Selector
from steer.selection.uniform import UniformRandom

__all__ = ["SELECTORS", "Picks", "Selector", "make_selector"]

SELECTORS: dict[str, Callable[[], Selector]] = {
    "farthest_point": FarthestPoint,
    "dynim": DynIm,
    "dynim_batch": DynImBatch,
    "knn_density": KnnDensity,
    "outlier_factor": OutlierFactor,
    "least_counts": LeastCounts,
    "random": UniformRandom,
}
"""Names as in the campaign file (``selection.selector``), which takes them from here."""


def make_selector(name: str) -> Selector:
    """The selector of this name.

    Raises
    ------
    ValueError
        When there is none.
    """
    try:
        return SELECTORS[name]()
    except KeyError:
        raise ValueError(f"There is no selector {name!r}; choose one of {', '.join(SELECTORS)}.") from None
