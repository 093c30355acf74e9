"""What is measured while a campaign runs: one table of numbers, for Prometheus and for a file.

`METRICS` says what there is. `steer dashboard` answers ``/metrics`` with it, and the coordinator appends it to
``metrics.csv`` (`MetricsLog`), so that the same series are there without Prometheus.
"""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from steer.gpu_load import GpuTotals, gpu_totals
from steer.links import open_plain

if TYPE_CHECKING:
    from steer.status import Status

__all__ = ["METRICS", "Metric", "MetricsLog", "Snapshot", "read_metrics"]

EVERY = 10.0
"""s between two lines of ``metrics.csv``: 2 MB a day."""


@dataclass(frozen=True)
class Snapshot:
    """What the numbers are read from.

    Attributes
    ----------
    status : Status
    latency : tuple of float
        Median and 99th percentile of the latest frames, s; NaN without frames.
    """

    status: Status
    latency: tuple[float, float]

    @property
    def busy(self) -> int:
        """Slots that run a job."""
        return sum(len(worker["busy"]) for worker in self.status.workers)

    @property
    def gpus(self) -> GpuTotals:
        """The GPUs of all workers."""
        return gpu_totals(self.status.workers)


@dataclass(frozen=True)
class Metric:
    """One number.

    Attributes
    ----------
    name : str
        As Prometheus knows it; metrics of one name differ by their labels.
    help : str
    read : callable
    labels : mapping of str to str
    counter : bool
        Whether it only grows; a gauge otherwise.
    """

    name: str
    help: str
    read: Callable[[Snapshot], float]
    labels: Mapping[str, str] = field(default_factory=dict)
    counter: bool = False

    @property
    def column(self) -> str:
        """Its column in ``metrics.csv``."""
        return "_".join([self.name.removeprefix("steer_").removesuffix("_total"), *self.labels.values()])


def _jobs(kind: str) -> Metric:
    return Metric(
        "steer_jobs_open", "Jobs queued or running.", lambda s: s.status.open.get(kind, 0), {"kind": kind}
    )


def _refinements(outcome: str) -> Metric:
    return Metric(
        "steer_refinements",
        "Refinements by what became of them.",
        lambda s: s.status.refinements.get(outcome, 0),
        {"outcome": outcome},
    )


def _frames(level: str) -> Metric:
    def read(snapshot: Snapshot) -> float:
        status = snapshot.status
        return status.frames_aa if level == "aa" else status.frames - status.frames_aa

    return Metric("steer_frames_total", "Frames stored.", read, {"level": level}, counter=True)


def _latency(quantile: str, index: int) -> Metric:
    return Metric(
        "steer_frame_latency_seconds",
        "Time from a frame's simulation to the coordinator's disk, of the latest frames.",
        lambda s: s.latency[index],
        {"quantile": quantile},
    )


METRICS: tuple[Metric, ...] = (
    Metric("steer_running", "1 while a coordinator runs.", lambda s: s.status.phase == "running"),
    _frames("cg"),
    _frames("aa"),
    Metric("steer_simulated_cg_ns", "Coarse-grained simulation stored.", lambda s: s.status.cg_time * 1e-3),
    Metric("steer_simulated_aa_ns", "All-atom simulation stored.", lambda s: s.status.aa_time * 1e-3),
    Metric(
        "steer_frames_per_second",
        "Frames stored a second, in the last minute.",
        lambda s: s.status.rates.get("frames_per_second", math.nan),
    ),
    Metric(
        "steer_cg_ns_per_day",
        "Coarse-grained simulation a day, in the last minute.",
        lambda s: s.status.rates.get("ns_per_day", math.nan),
    ),
    _latency("0.5", 0),
    _latency("0.99", 1),
    Metric("steer_backlog_frames", "Frame messages that wait in Redis.", lambda s: s.status.backlog),
    Metric(
        "steer_duplicate_frames_total",
        "Frames that came twice.",
        lambda s: s.status.duplicates,
        counter=True,
    ),
    Metric(
        "steer_set_aside_frames_total",
        "Messages that were no frames of this campaign.",
        lambda s: s.status.set_aside,
        counter=True,
    ),
    Metric("steer_coverage_cells", "Occupied cells of the latent space.", lambda s: s.status.coverage),
    Metric("steer_model_version", "Latent model in use; 0 before the first.", lambda s: s.status.model),
    Metric(
        "steer_model_drift",
        "Decode error of new frames over that of the held-out training frames.",
        lambda s: s.status.drift,
    ),
    _jobs("cg"),
    _jobs("refine"),
    _jobs("train"),
    Metric("steer_failed_jobs", "Jobs that failed.", lambda s: len(s.status.failed)),
    Metric("steer_workers", "Attached workers.", lambda s: len(s.status.workers)),
    Metric("steer_slots", "Slots of all workers.", lambda s: s.status.slots.get("all", 0)),
    Metric("steer_slots_busy", "Slots that run a job.", lambda s: s.busy),
    Metric("steer_gpus", "GPUs of all workers.", lambda s: s.gpus.count),
    Metric(
        "steer_gpu_load_ratio",
        "Share of the last second in which something ran on a GPU, mean over GPUs that tell it.",
        lambda s: s.gpus.load,
    ),
    Metric("steer_gpu_memory_used_bytes", "Memory in use on all GPUs.", lambda s: s.gpus.memory_used),
    Metric("steer_gpu_memory_bytes", "Memory of all GPUs.", lambda s: s.gpus.memory_total),
    _refinements("open"),
    _refinements("accepted"),
    _refinements("rejected"),
    _refinements("failed"),
    Metric("steer_seeds", "Seeds so far.", lambda s: sum(s.status.seeds.values())),
    Metric("steer_promotions_total", "Frames promoted.", lambda s: s.status.promotions, counter=True),
    Metric("steer_decision_rounds_total", "Rounds of decisions.", lambda s: s.status.round, counter=True),
)

_COLUMNS = ["time", *(metric.column for metric in METRICS)]


class MetricsLog:
    """Appends the metrics to a CSV file, a line at most every `EVERY` seconds.

    A line goes to the kernel in one write: killing the process (kill -9 too) loses none that was written. What a
    power cut tears is cut off when the file is next opened, and no reader counts a line without its end. A file with
    other columns, of an older version, is set aside under ``metrics-1.csv`` and so on, never mixed.

    Parameters
    ----------
    path : Path
        ``metrics.csv``; made when missing.
    every : float
        s between two lines.
    """

    def __init__(self, path: Path, every: float = EVERY) -> None:
        self.path, self._every = path, every
        self._next = -math.inf
        self._ready = False

    @property
    def due(self) -> bool:
        """Whether a line would be written now."""
        return time.monotonic() >= self._next

    def append(self, snapshot: Snapshot) -> None:
        """Write a line.

        Raises
        ------
        OSError
            When the disk refuses.
        """
        self._next = time.monotonic() + self._every
        if not self._ready:
            self._prepare()
            self._ready = True
        values = [f"{float(metric.read(snapshot)):.6g}" for metric in METRICS]
        self._write([f"{snapshot.status.updated:.1f}", *values])

    def _prepare(self) -> None:
        if self.path.exists():
            text = self.path.read_bytes()
            whole = text[: text.rfind(b"\n") + 1]
            if whole.partition(b"\n")[0].decode(errors="replace").strip().split(",") == _COLUMNS:
                os.truncate(self.path, len(whole))
                return
            if whole:
                self.path.rename(self._spare_name())
        self._write(_COLUMNS, mode="w")

    def _spare_name(self) -> Path:
        number = 1
        while (name := self.path.with_name(f"{self.path.stem}-{number}.csv")).exists():
            number += 1
        return name

    def _write(self, row: list[str], mode: str = "a") -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if mode == "a" else os.O_TRUNC)
        with open(open_plain(self.path, flags), f"{mode}b", buffering=0) as file:
            file.write(line.getvalue().encode())


def read_metrics(path: Path) -> dict[str, list[float]]:
    """The columns of a ``metrics.csv``, ``time`` (Unix) among them, also while it is being written.

    Lines that a crash tore are left out. A file of another version is read for the columns it shares with this one; the
    others are NaN. A file that is not there, or is none, gives empty columns.
    """
    columns: dict[str, list[float]] = {name: [] for name in _COLUMNS}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return columns
    lines = text[: text.rfind("\n") + 1].splitlines()
    header = lines[0].split(",") if lines else []
    if "time" not in header:
        return columns
    for line in lines[1:]:
        try:
            values = [float(value) for value in line.split(",")]
        except ValueError:
            continue
        if len(values) == len(header):
            told = dict(zip(header, values, strict=True))
            for name in _COLUMNS:
                columns[name].append(told.get(name, math.nan))
    return columns
