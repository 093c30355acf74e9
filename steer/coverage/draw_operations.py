"""Drawing how the machinery ran: latency of frames, and workers. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.latency import Latency
from steer.coverage.plots import COLOURS, new_axes, plain, rounded
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
                linewidth=0.5 if len(spans) < 20 * len(height) else 0.0,
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
    from matplotlib.ticker import LogLocator, NullFormatter

    ax = new_axes(ax)
    shown = sorted(shares, key=lambda share: (-share.busy, share.worker))[:20]
    for level, name, marker, offset in (("cg", "CG", "o", -0.15), ("aa", "AA", "s", 0.15)):
        found = [
            (i + offset, share.per_day(level)) for i, share in enumerate(shown) if share.per_day(level) > 0
        ]
        if not found:
            continue
        heights, rates = zip(*found, strict=True)
        ax.plot(rates, heights, marker, color=COLOURS[level], ms=7, label=name)
        for height, rate in found:
            ax.annotate(
                f"{rounded(rate)} ns/day",
                (rate, height),
                (8, 0),
                textcoords="offset points",
                fontsize=8,
                va="center",
            )
    names = [
        f"{plain(s.worker)}\n{sum(s.jobs.values())} jobs, {s.failed} failed\n{s.busy:.2g} job hours"
        for s in shown
    ]
    ax.set_yticks(range(len(shown)), names, fontsize=8)
    ax.set_ylim(max(len(shown), 2) - 0.4, -0.6)
    ax.grid(axis="x", color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    positive = [rate for s in shown for rate in (s.per_day("cg"), s.per_day("aa")) if rate > 0]
    if positive:
        ax.set_xscale("log")
        # Whole decades, and room for the words at the right of the last mark.
        ax.set_xlim(
            10 ** np.floor(np.log10(min(positive)) - 0.1), 10 ** np.ceil(np.log10(max(positive)) + 0.6)
        )
        ax.xaxis.set_major_locator(LogLocator(numticks=8))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.legend(fontsize=8, frameon=False, loc="lower right")
    ax.set_xlabel("simulated ns per day of wall time")
    return ax
