"""How far a sampled density is from the truth, in bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["jensen_shannon"]


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> float:
    """Jensen-Shannon divergence of two histograms over the same bins (Lin, IEEE Trans. Inf. Theory 37, 145, 1991).

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Weights of the bins; normalised here.

    Returns
    -------
    float
        Bits: 0 for equal densities, 1 for densities that share no bin. NaN when one of them is empty.
    """
    p, q = np.asarray(first, float).ravel(), np.asarray(second, float).ravel()
    if p.shape != q.shape:
        raise ValueError(f"the histograms have {p.size} and {q.size} bins; they must share their bins")
    if p.sum() <= 0 or q.sum() <= 0:
        return float("nan")
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return float(_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    where = p > 0
    return float(np.sum(p[where] * np.log2(p[where] / q[where])))
