"""How evenly what was reached has been sampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["evenness"]


def evenness(counts: NDArray[np.integer]) -> float:
    """Normalised entropy of cell occupancy (Pielou, J. Theor. Biol. 13, 131, 1966).

    Parameters
    ----------
    counts : ndarray, shape (cells,), int
        Frames in each cell; empty cells do not count.

    Returns
    -------
    float
        1 when all occupied cells hold as many frames, towards 0 when nearly all frames are in one; NaN below two
        occupied cells.
    """
    occupied = counts[counts > 0]
    if len(occupied) < 2:
        return float("nan")
    share = occupied / occupied.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(occupied)))
