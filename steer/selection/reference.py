"""The sample of the frames that density rules measure against, and how its neighbours are looked up.

All against all costs the square of their number. Above `REFERENCES` frames, densities are measured against an even
sample of them: the neighbourhood of a frame grows in proportion, and what is rare stays rare.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["REFERENCES", "TREE_DIMENSIONS", "lookup", "reference_rows"]

REFERENCES = 4096
"""Frames of the sample."""

TREE_DIMENSIONS = 6
"""Dimensions up to which a tree beats looking at all of the sample: twice as fast in 4, three times slower in 9."""


def reference_rows(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `count` frames belong to the sample: all of them up to `REFERENCES`."""
    inside = np.ones(count, dtype=bool)
    if count > REFERENCES:
        inside[rng.permutation(count)[REFERENCES:]] = False
    return inside


def lookup(dimensions: int) -> Literal["kd_tree", "brute"]:
    """Which of scikit-learn's neighbour algorithms to use for this many dimensions; both are exact."""
    return "kd_tree" if dimensions <= TREE_DIMENSIONS else "brute"
