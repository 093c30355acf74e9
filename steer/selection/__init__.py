"""Which configurations are promoted. One rule a file; a new one is that file and one line in `SELECTORS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steer.selection.dynim import DynIm
from steer.selection.dynim_batch import DynImBatch
from steer.selection.dynim_wide import DynImWide
from steer.selection.farthest_point import FarthestPoint
from steer.selection.frontier import Frontier
from steer.selection.knn_density import KnnDensity
from steer.selection.least_counts import LeastCounts
from steer.selection.mixture import Mixture
from steer.selection.outlier_factor import OutlierFactor
from steer.selection.protocol import Picks, Pool, Selector, Yields, ask
from steer.selection.ucb import UpperConfidence
from steer.selection.uniform import UniformRandom

__all__ = ["EVEN_MIXTURE", "SELECTORS", "Picks", "Pool", "Selector", "Yields", "ask", "make_selector"]

EVEN_MIXTURE = {"farthest_point": 1.0, "ucb": 1.0, "least_counts": 1.0}
"""What ``mixture`` mixes when the campaign file gives no shares."""


def _mixture(shares: Mapping[str, float] | None = None) -> Mixture:
    return Mixture([(make_selector(name), share) for name, share in (shares or EVEN_MIXTURE).items()])


SELECTORS: dict[str, Callable[[], Selector]] = {
    "farthest_point": FarthestPoint,
    "frontier": Frontier,
    "ucb": UpperConfidence,
    "dynim": DynIm,
    "dynim_batch": DynImBatch,
    "dynim_wide": DynImWide,
    "knn_density": KnnDensity,
    "outlier_factor": OutlierFactor,
    "least_counts": LeastCounts,
    "random": UniformRandom,
    "mixture": _mixture,
}
"""Names as in the campaign file (``selection.selector``), which takes them from here."""


def make_selector(name: str, shares: Mapping[str, float] | None = None) -> Selector:
    """The selector of this name.

    Parameters
    ----------
    name : str
    shares : mapping of str to float, optional
        For ``mixture``: other rules with their shares.

    Raises
    ------
    ValueError
        When there is none.
    """
    if name not in SELECTORS:
        raise ValueError(f"There is no selector {name!r}; choose one of {', '.join(SELECTORS)}.")
    return _mixture(shares) if name == "mixture" else SELECTORS[name]()
