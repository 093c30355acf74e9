"""The report: figures, methods, tables and references of a campaign in one file that opens without a network."""

from __future__ import annotations

import html
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import steer
from sims.files import write_atomic
from steer.config import toml_value
from steer.coverage.canvas import campaign_line
from steer.coverage.figures import all_figures
from steer.coverage.tables import TABLES
from steer.report.blocks import figure_block, heading, paragraph, table_block
from steer.report.captions import caption_of
from steer.report.methods import backmappers_of, methods
from steer.report.references import references_of

if TYPE_CHECKING:
    from steer.config import CampaignConfig
    from steer.coverage.analysis import Analysis
    from steer.coverage.data import CoverageData

__all__ = ["report_page", "write_report"]

LIBRARIES = (
    "openmm", "vermouth", "mstool", "mdtraj", "pdbfixer", "torch", "numpy", "scipy", "scikit-learn", "deeptime",
    "matplotlib",
)  # fmt: skip

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 Georgia, serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
h1, h2, h3, th, figcaption, caption {{ font-family: Helvetica, Arial, sans-serif }}
h1 {{ font-size: 1.6rem }} h2 {{ margin-top: 2.2rem; border-bottom: 1px solid #ccc }}
figure {{ margin: 1.5rem 0; break-inside: avoid }} img {{ width: 100% }}
figcaption, caption {{ font-size: .85rem; color: #444; text-align: left }}
.wide {{ overflow-x: auto }} table {{ border-collapse: collapse; font-size: .85rem; margin: 1rem 0 }}
th, td {{ padding: .2rem .6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }}
.warning {{ color: #A03000 }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_report(
    path: Path, config: CampaignConfig, data: CoverageData, analysis: Analysis, molecule: str
) -> Path:
    """Write the report of a campaign, whole or not at all; returns `path`.

    Parameters
    ----------
    path : Path
    config : CampaignConfig
    data : CoverageData
    analysis : Analysis
    molecule : str
        What was simulated, in sentences.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, report_page(config, data, analysis, molecule))
    return path


def report_page(config: CampaignConfig, data: CoverageData, analysis: Analysis, molecule: str) -> str:
    """The report as HTML, every text in it escaped."""
    title = html.escape(f"steer report: {data.campaign}")
    return PAGE.format(title=title, body="".join(_body(config, data, analysis, molecule)))


def _body(config: CampaignConfig, data: CoverageData, analysis: Analysis, molecule: str) -> Iterator[str]:
    yield heading(1, f"Campaign {data.campaign}")
    yield paragraph(campaign_line(data))
    yield heading(2, "Summary")
    yield table_block(_summary(data, analysis), "What was done, and what came of it")
    for doubt in analysis.markov.warnings if analysis.markov else ():
        yield paragraph(f"Markov model: {doubt}", "warning")
    yield heading(2, "Methods")
    for name, text in [("Molecule", molecule), *methods(config, data, analysis)]:
        yield heading(3, name)
        yield paragraph(text)
    yield heading(2, "Figures")
    for number, (name, figure) in enumerate(all_figures(data, analysis).items(), start=1):
        yield figure_block(figure, f"Figure {number}. {caption_of(name)}")
    yield heading(2, "Tables")
    for name, caption in (
        ("states", "First visits of named states"),
        ("markov", "Implied timescales"),
        ("models", "Versions of the latent model"),
        ("refinements", "Outcomes of refinements"),
        ("workers", "Workers"),
    ):
        yield table_block(TABLES[name](data, analysis), caption)
    yield table_block(_refinements(data), "Every refinement")
    yield heading(2, "Parameters")
    for section, rows in _parameters(config):
        yield table_block(rows, section)
    yield heading(2, "Software")
    yield table_block(
        _versions(data), "Versions: where this report was written, and where the latent model was trained"
    )
    yield heading(2, "References")
    yield paragraph("To be cited for what this campaign used.")
    yield "<ol>\n"
    for work in references_of(config, set(backmappers_of(data)), analysis.markov is not None):
        link = f'<a href="{html.escape(work.link)}">{html.escape(work.doi)}</a>'
        yield f"<li>{html.escape(work.text)} {link}: {html.escape(work.reason)}.</li>\n"
    yield "</ol>\n"


def _summary(data: CoverageData, analysis: Analysis) -> list[Sequence[object]]:
    outcomes, progress = analysis.outcomes, analysis.progress
    rows: list[Sequence[object]] = [
        ("quantity", "value"),
        ("CG simulations", sum(s.level == "cg" for s in data.simulations.values())),
        ("aggregate CG time", f"{data.cg.sum() * data.frame_interval * 1e-3:.4g} ns"),
        ("aggregate AA time", f"{data.aa.sum() * data.aa_frame_interval * 1e-3:.4g} ns"),
        ("refinements", f"{outcomes.accepted} accepted, {outcomes.rejected} rejected, {outcomes.failed} failed, "
                        f"{outcomes.open} open"),
    ]  # fmt: skip
    if progress is not None:
        gain = progress.gain
        interval = f" ({gain.low:.2f} to {gain.high:.2f})" if np.isfinite(gain.low) else ", no interval"
        told = f"{gain.ratio:.2f}{interval}" if np.isfinite(gain.ratio) else "no control"
        rows += [
            ("coverage (occupied cells)", _with_band(progress.cells)),
            ("covering radius (latent units)", _with_band(progress.covering_radius)),
            ("evenness", _with_band(progress.evenness)),
            ("gain of steering at this time", told),
            ("independent families of simulations", progress.families),
        ]
    if len(analysis.latency.seconds):
        rows.append(
            ("frame latency, p50 and p99", f"{analysis.latency.p50:.3g} s, {analysis.latency.p99:.3g} s")
        )
    return rows


def _with_band(band: Any) -> str:
    value, low, high = (float(side[-1]) for side in (band.estimate, band.low, band.high))
    return f"{value:.4g} ({low:.4g} to {high:.4g})" if np.isfinite(low) else f"{value:.4g}, no interval"


def _refinements(data: CoverageData) -> Iterator[Sequence[object]]:
    yield (
        "id",
        "from",
        "selector",
        "score",
        "outcome",
        "backmapper",
        "attempts",
        "bead RMSD (nm)",
        "reasons",
    )
    for promotion in data.promotions:
        simulation = data.simulations[promotion.simulation]
        result = simulation.result or {}
        rmsd = (result.get("report") or {}).get("bead_rmsd")
        yield (
            promotion.simulation,
            f"{promotion.source}, step {promotion.step}",
            promotion.selector,
            "" if promotion.score is None else f"{promotion.score:.3g}",
            {"done": "accepted"}.get(simulation.state, simulation.state),
            result.get("backmapper", ""),
            result.get("attempts", ""),
            "" if rmsd is None else f"{rmsd:.3f}",
            "; ".join(map(str, result.get("reasons") or [])),
        )


def _parameters(config: CampaignConfig) -> Iterator[tuple[str, list[Sequence[object]]]]:
    """Every key with its value as a campaign file spells it, defaults included."""
    for section, content in config.model_dump(mode="json", exclude_none=True).items():
        tables = content if isinstance(content, list) else [content]
        name = f"[[{section}]]" if isinstance(content, list) else f"[{section}]"
        for table in tables:
            yield name, [("key", "value"), *((key, _spelled(key, table[key])) for key in table)]


def _spelled(key: str, value: object) -> str:
    # Where the file lay on one machine means nothing to a reader of the report.
    return toml_value(Path(value).name if key == "structure" and isinstance(value, str) else value)


def _versions(data: CoverageData) -> list[Sequence[object]]:
    trained: dict[str, Any] = {}
    for model in data.models:
        trained |= (model.statistics or {}).get("libraries", {})
    rows: list[Sequence[object]] = [("software", "here", "in training")]
    rows.append(("steer", steer.__version__, ""))
    rows.append(("Python", platform.python_version(), trained.get("python", "")))
    return rows + [(name, _version(name), trained.get(name, "")) for name in LIBRARIES]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
