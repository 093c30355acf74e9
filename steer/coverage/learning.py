"""How well each version of the latent model reconstructs what it was shown, and what it was not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from steer.journal import Model

__all__ = ["ModelHistory", "decode_errors_by_block", "model_history"]


@dataclass(frozen=True)
class ModelHistory:
    """Reconstruction errors of the trained versions, as their trainer recorded them.

    Attributes
    ----------
    version, frames : ndarray, shape (k,), int
        `frames` is how many there were to train on.
    training, validation : ndarray, shape (k,)
        Mean error of reconstructed features, training and held-out frames; NaN where it was not recorded.
    explained : ndarray, shape (k,)
        Share of the features' variance that reconstruction explains.
    agreement : ndarray, shape (k,)
        Mismatch left after aligning a version to the one before; NaN for the first.
    """

    version: NDArray[np.int64]
    frames: NDArray[np.int64]
    training: NDArray[np.float64]
    validation: NDArray[np.float64]
    explained: NDArray[np.float64]
    agreement: NDArray[np.float64]


def model_history(models: Iterable[Model]) -> ModelHistory:
    """The history of the versions whose training is done."""
    done = [model for model in models if model.state == "done"]

    def column(key: str) -> NDArray[np.float64]:
        return np.array([float((m.statistics or {}).get(key, np.nan)) for m in done], dtype=np.float64)

    return ModelHistory(
        np.array([model.version for model in done], dtype=np.int64),
        np.array([model.frames for model in done], dtype=np.int64),
        column("decode_error"),
        column("validation_decode_error"),
        column("explained_variance"),
        column("alignment_agreement"),
    )


def decode_errors_by_block(
    errors: NDArray[np.floating], blocks: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mean decode error of successive blocks of frames, by one model version: a rise is drift.

    Parameters
    ----------
    errors : ndarray, shape (n,)
        In the order of arrival.
    blocks : int

    Returns
    -------
    edges : ndarray, shape (k + 1,), int
        Rows at which blocks begin and end.
    mean : ndarray, shape (k,)
    """
    edges = np.unique(np.linspace(0, len(errors), blocks + 1).astype(np.int64))
    return edges, np.array([errors[start:stop].mean() for start, stop in pairwise(edges)])
