"""Drawing how the machinery ran: latency of frames, and workers. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.latency import Latency
from steer.coverage.plots import COLOURS, new_axes, plain
from steer.coverage.workers import Span, WorkerShare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_latency", "draw_latency_distribution", "draw_throughput", "draw_timeline"]

KINDS = {"cg": ("CG simulation", "cg"), "refine": ("refinement", "aa"), "train": ("training", "control")}
SHOWN = 40


def draw_latency(latency: Latency, ax: Axes | None = None) -> Axes:
    """Median and 99th percentile of the frame latency over the campaign."""
    ax = new_axes(ax)
    known = np.isfinite(latency.p50s)
    minutes = latency.time[known] / 60
    ax.plot(minutes, latency.p50s[known], "o-", color=COLOURS["cg"], lw=1.6, ms=4, label="median")
    ax.plot(minutes, latency.p99s[known], "s--", color=COLOURS["aa"], lw=1.6, ms=4, label="99th percentile")
    ax.set(xlabel="time since the first frame (min)", ylabel="published to received (s)", ylim=(0, None))
    ax.legend(fontsize=8, frameon=False)
    return ax


def draw_latency_distribution(latency: Latency, ax: Axes | None = None) -> Axes:
    """Share of frames that arrived within a time."""
    ax = new_axes(ax)
    if len(latency.seconds):
        ax.ecdf(latency.seconds, color=COLOURS["cg"], lw=2)
        for value, name, height in ((latency.p50, "p50", 0.5), (latency.p99, "p99", 0.99)):
            ax.plot([value], [height], "o", color=COLOURS["aa"], zorder=3)
            ax.annotate(
                f"{name}: {value:.3g} s",
                (value, height),
                (8, -12),
                textcoords="offset points",
                fontsize=8,
                ha="left",
            )
    if latency.skewed:
        text = f"{latency.skewed:,} frames seem to arrive before they were sent:\nclocks differ; taken as 0"
        ax.annotate(text, (0.98, 0.05), xycoords="axes fraction", fontsize=8, ha="right", color="0.3")
    ax.set(xlabel="published to received (s)", ylabel="share of frames", xlim=(0, None), ylim=(0, 1.06))
    return ax


def draw_timeline(spans: Sequence[Span], ax: Axes | None = None) -> Axes:
    """When each worker's slots were busy, and with what; at most the first 40 slots."""
    ax = new_axes(ax)
    lanes = sorted({(span.worker, span.lane) for span in spans})
    height = {lane: i for i, lane in enumerate(lanes[:SHOWN])}
    for kind, (name, colour) in KINDS.items():
        chosen = [s for s in spans if s.kind == kind and (s.worker, s.lane) in height]
        if chosen:
            ax.barh(
                [height[s.worker, s.lane] for s in chosen],
                [(s.stop - s.start) / 60 for s in chosen],
                left=[s.start / 60 for s in chosen],
                height=0.7,
                color=COLOURS[colour],
                edgecolor="white",
                linewidth=0.5,
                hatch=["xxx" if s.failed else "" for s in chosen],
                label=f"{name} ({len(chosen)})",
            )
    names = [f"{plain(worker)}, {lane + 1}" for worker, lane in height]
    ax.set_yticks(range(len(height)), names, fontsize=8 if len(height) <= 12 else 5)
    ax.set_ylim(max(len(height), 4) - 0.4, -0.6)
    ax.set(xlabel="time since the first job (min)", xlim=(0, None))
    if len(lanes) > SHOWN:
        ax.set_title(f"first {SHOWN} of {len(lanes)} slots", fontsize=8)
    if lanes:
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.18), ncols=3, fontsize=8, frameon=False)
    return ax


def draw_throughput(shares: Sequence[WorkerShare], ax: Axes | None = None) -> Axes:
    """Simulated time a day of each worker, CG and AA, on a logarithmic scale; the 20 that did most."""
    ax = new_axes(ax)
    shown = sorted(shares, key=lambda share: (-share.busy, share.worker))[:20]
    for level, name, colour, offset in (("cg", "CG", "cg", -0.2), ("aa", "AA", "aa", 0.2)):
        rates = [share.per_day(level) for share in shown]
        bars = ax.barh(
            [i + offset for i in range(len(shown))], rates, height=0.38, color=COLOURS[colour], label=name
        )
        labels = [f"{rate:.3g} ns/day" if rate > 0 else f"no {name}" for rate in rates]
        ax.bar_label(bars, labels=labels, padding=3, fontsize=8)
    names = [
        f"{plain(s.worker)}\n{sum(s.jobs.values())} jobs, {s.failed} failed\n{s.busy:.2g} job hours"
        for s in shown
    ]
    ax.set_yticks(range(len(shown)), names, fontsize=8)
    ax.set_ylim(max(len(shown), 2) - 0.4, -0.6)
    positive = [rate for s in shown for rate in (s.per_day("cg"), s.per_day("aa")) if rate > 0]
    if positive:
        ax.set_xscale("log")
        ax.set_xlim(min(positive) / 5, max(positive) * 8)
    ax.set_xlabel("simulated ns per day of wall time")
    if shown:
        ax.legend(fontsize=8, frameon=False, loc="lower right")
    return ax
