"""Coverage with its control, computed in the background now and then: it takes seconds for a large campaign."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steer.coverage.cells import CellCounter
from steer.coverage.families import families_of, founders
from steer.coverage.progress import Progress, measure_progress
from steer.coverage.resampling import Band
from steer.dashboard.atlas import MapPoints
from steer.dashboard.records import Records

__all__ = ["CoverageProgress", "as_json"]

log = logging.getLogger(__name__)

GROWTH = 1.05
"""Measured again when there are so many times more frames …"""

REST = 20.0
"""… and so many times the time of the last measurement have passed."""


class CoverageProgress:
    """The newest measurement, and the thread that makes the next one.

    Parameters
    ----------
    frame_interval : float
        ps that one CG frame stands for.
    """

    def __init__(self, frame_interval: float) -> None:
        self._interval = frame_interval
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._measured: tuple[int, int] = (0, 0)
        self._not_before = 0.0
        self._newest: dict[str, Any] | None = None

    def read(self, points: MapPoints | None, records: Records) -> dict[str, Any] | None:
        """The newest measurement as JSON types, None before the first; begins another one when it is due.

        Parameters
        ----------
        points : MapPoints or None
        records : Records
            For the frames that the model was trained on, whose spread sets the size of the cells, and for what
            descends from what: error bands resample independent families.
        """
        with self._lock:
            if points is not None and self._due(points):
                self._thread = threading.Thread(
                    target=self._measure, args=(points, records), name="coverage", daemon=True
                )
                self._thread.start()
            return self._newest

    def _due(self, points: MapPoints) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return False
        version, frames = self._measured
        grown = points.version != version or len(points) >= max(frames * GROWTH, frames + 1)
        return grown and time.monotonic() >= self._not_before and int(points.cg.sum()) >= 2

    def _measure(self, points: MapPoints, records: Records) -> None:
        begun = time.monotonic()
        newest: dict[str, Any] | None = None
        try:
            progress = _measured(points, records, self._interval)
            newest = {"version": points.version, "frames": len(points), **as_json(progress)}
        except (ValueError, np.linalg.LinAlgError) as error:
            log.warning("coverage could not be measured: %s", error)
        with self._lock:
            self._newest = newest or self._newest
            self._measured = points.version, len(points)
            self._not_before = time.monotonic() + REST * (time.monotonic() - begun)


def _measured(points: MapPoints, records: Records, interval: float) -> Progress:
    model = next(model for model in records.models if model.version == points.version)
    width = np.asarray(CellCounter.scaled_to(points.points[: model.frames]).width)
    number = points.number[points.cg]
    family = families_of(number, founders(records.seeds, records.simulations, records.promotions))
    unsteered = points.unsteered[points.cg]
    return measure_progress(points.points[points.cg], number, unsteered, interval, width, family=family)


def as_json(progress: Progress) -> dict[str, Any]:
    """What the page draws of a measurement, as JSON types: NaN and infinity become None."""
    control, gain = progress.control, progress.gain
    return {
        "time": _list(progress.time),
        "cells": _band(progress.cells),
        "control": control
        and {"time": _list(control.time), "own_time": control.own_time, **_band(control.cells)},
        "gain": {
            "ratio": _number(gain.ratio),
            "low": _number(gain.low),
            "high": _number(gain.high),
            "extrapolation": _number(gain.extrapolation),
        },
        "discovery": {"edges": _list(progress.windows), **_band(progress.discovery)},
        "simulations": progress.simulations,
        "unsteered": progress.unsteered,
    }


def _band(band: Band) -> dict[str, list[float | None]]:
    return {"estimate": _list(band.estimate), "low": _list(band.low), "high": _list(band.high)}


def _list(values: NDArray[np.floating]) -> list[float | None]:
    return [_number(value) for value in np.asarray(values, float).tolist()]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
