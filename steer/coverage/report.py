"""`steer coverage`: the three plots in one figure, as PNG and SVG, with the numbers beside them as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sims.files import write_atomic
from steer.coverage.data import CoverageData
from steer.coverage.lineage import LineageNode, lineage
from steer.coverage.measures import Growth, View, coverage_growth, two_dimensional_view
from steer.coverage.plots import draw_growth, draw_latent_density, draw_lineage

__all__ = ["write_coverage"]


def write_coverage(data: CoverageData, folder: Path) -> list[Path]:
    """Compute, draw and write everything; returns the files, the picture first.

    Parameters
    ----------
    data : CoverageData
    folder : Path
        Made when missing. Files of an earlier call are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = two_dimensional_view(data.points)
    reference = data.points[: data.trained]
    whole = coverage_growth(data.points[data.cg], data.frame_interval, reference)
    control = coverage_growth(data.points[data.cg & ~data.steered()], data.frame_interval, reference)
    nodes = lineage(data.seeds, list(data.simulations.values()), data.promotions)
    pictures = _draw(data, view, whole, control, nodes, folder)
    return [
        *pictures,
        _write_table(folder / "latent.csv", _latent_rows(data, view)),
        _write_table(folder / "coverage.csv", _growth_rows(whole, control)),
        _write_table(folder / "lineage.csv", _lineage_rows(nodes)),
    ]


def _draw(
    data: CoverageData, view: View, whole: Growth, control: Growth, nodes: Sequence[LineageNode], folder: Path
) -> list[Path]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5.2), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=[1.15, 1, 1.15])
    draw_latent_density(view(data.points[data.cg]), _marks(data, view), view.labels, axes[0])
    axes[0].set_title(f"Latent space, {data.model.upper()} version {data.version}", fontsize=10)
    draw_growth(whole, control, _generation_starts(data), axes[1])
    axes[1].set_title("Coverage", fontsize=10)
    draw_lineage(nodes, axes[2])
    axes[2].set_title("Lineage of seeds", fontsize=10)
    cg, aa = int(data.cg.sum()), int((~data.cg).sum())
    figure.suptitle(
        f"{data.campaign}: {cg:,} CG frames ({cg * data.frame_interval * 1e-3:g} ns), {aa:,} AA frames",
        fontsize=12,
    )
    paths = [folder / "coverage.png", folder / "coverage.svg"]
    for path in paths:
        temporary = path.with_name(f".{path.name}.tmp")
        figure.savefig(temporary, dpi=150, format=path.suffix[1:])
        temporary.replace(path)
    return paths


def _marks(data: CoverageData, view: View) -> dict[str, np.ndarray]:
    rejected = {id for id, s in data.simulations.items() if s.level == "aa" and s.state == "rejected"}
    rows = [
        p.frame_row for p in data.promotions if p.simulation in rejected and p.frame_row < len(data.points)
    ]
    coordinates = view(data.seed_points)
    by_origin = {
        origin: coordinates[[seed.origin == origin for seed in data.seeds]]
        for origin in ("cg", "aa", "input")
    }
    return {
        "frame": by_origin["cg"],
        "rejected": view(data.points[rows]),
        "aa": by_origin["aa"],
        "input": by_origin["input"],
    }


def _generation_starts(data: CoverageData) -> list[tuple[float, str]]:
    generation = data.generation()[data.cg]
    starts = []
    for wanted in range(1, int(generation.max(initial=0)) + 1):
        rows = np.flatnonzero(generation == wanted)
        if len(rows):
            starts.append((float(rows[0]) * data.frame_interval * 1e-3, f"generation {wanted}"))
    return starts


def _write_table(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_atomic(path, text.getvalue())
    return path


def _latent_rows(data: CoverageData, view: View) -> Iterable[Sequence[object]]:
    d = data.points.shape[1]
    yield [
        "level",
        "simulation",
        "step",
        "time_ps",
        "generation",
        "steered",
        *(f"latent_{i + 1}" for i in range(d)),
        "view_1",
        "view_2",
    ]
    levels = np.where(data.cg, "cg", "aa")
    for level, number, step, time, generation, steered, point, shown in zip(
        levels, data.number, data.step, data.time, data.generation(), data.steered(), data.points, view(data.points),
        strict=True,
    ):  # fmt: skip
        values = [f"{value:.6g}" for value in (*point, *shown)]
        yield [level, f"{level}-{number:06d}", step, f"{time:.6g}", generation, int(steered), *values]


def _growth_rows(whole: Growth, control: Growth) -> Iterable[Sequence[object]]:
    yield ["curve", "aggregate_time_ns", "occupied_cells"]
    for name, growth in (("all", whole), ("unsteered", control)):
        for time, cells in zip(growth.time, growth.cells, strict=True):
            yield [name, f"{time:.6g}", cells]


def _lineage_rows(nodes: Sequence[LineageNode]) -> Iterable[Sequence[object]]:
    yield ["id", "kind", "parent", "depth"]
    for node in nodes:
        yield [node.id, node.kind, node.parent or "", node.depth]
