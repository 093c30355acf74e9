"""How long frames take from the simulation that published them to the coordinator's disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Latency", "frame_latency"]


@dataclass(frozen=True)
class Latency:
    """Latency of frames.

    Attributes
    ----------
    seconds : ndarray, shape (n,)
        Of each frame that has both times, never negative.
    p50, p99 : float
        s, of all; NaN without frames.
    time : ndarray, shape (k,)
        Middles of intervals, s since the first frame was received.
    p50s, p99s : ndarray, shape (k,)
        Of the frames received in each interval; NaN where there were none.
    skewed : int
        Frames that seem to have arrived before they were sent: clocks of two machines disagree.
    """

    seconds: NDArray[np.float64]
    p50: float
    p99: float
    time: NDArray[np.float64]
    p50s: NDArray[np.float64]
    p99s: NDArray[np.float64]
    skewed: int


def frame_latency(
    published: NDArray[np.floating], received: NDArray[np.floating], intervals: int = 30
) -> Latency:
    """Latencies from both times of each frame.

    Parameters
    ----------
    published, received : ndarray, shape (n,)
        Unix times; frames for which either is zero or less are left out.
    intervals : int
        Into which the time of receiving is divided.
    """
    known = (published > 0) & (received > 0)
    published, received = published[known], received[known]
    if not len(received):
        none, nan = np.empty(0), float("nan")
        return Latency(none, nan, nan, none, none, none, 0)
    difference = np.asarray(received - published, dtype=np.float64)
    seconds = np.maximum(difference, 0.0)
    since = received - received.min()
    edges = np.linspace(0, max(float(since.max()), 1e-9), intervals + 1)
    which = np.clip(np.searchsorted(edges, since, side="right") - 1, 0, intervals - 1)
    members = [seconds[which == i] for i in range(intervals)]
    p50, p99 = np.quantile(seconds, [0.5, 0.99])
    p50s, p99s = (np.array([np.quantile(m, q) if len(m) else np.nan for m in members]) for q in (0.5, 0.99))
    middles = (edges[:-1] + edges[1:]) / 2
    return Latency(seconds, float(p50), float(p99), middles, p50s, p99s, int((difference < 0).sum()))
