"""The figures as pages to zoom and point in: one HTML file each, which need no network, only the script beside them.

plotly's tool bar has a button that uploads the picture to its makers' cloud. It is removed, and the pages' policy
forbids every connection.
"""

from __future__ import annotations

import html
from pathlib import Path

from sims.files import write_atomic
from steer.coverage.analysis import Analysis
from steer.coverage.canvas import campaign_line
from steer.coverage.data import CoverageData
from steer.coverage.interactive import interactive_figures

__all__ = ["SCRIPT", "write_pages"]

SCRIPT = "plotly.min.js"
"""plotly's own script, from its wheel; the pages look for it in their folder."""

CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["sendChartToCloud"]}

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="connect-src 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 1rem 2rem; color: #222 }} h1 {{ font-size: 1.2rem }}
p {{ max-width: 60rem; color: #A03000 }}</style>
</head>
<body>
<h1>{title}</h1>
{figure}
<p>{note}</p>
</body>
</html>
"""


def write_pages(data: CoverageData, analysis: Analysis, folder: Path) -> list[Path]:
    """Write a page for every figure, and the script they share; returns the files, the script last."""
    from plotly.offline import get_plotlyjs

    files = []
    for name, subject, figure, note in interactive_figures(data, analysis):
        body = figure.to_html(full_html=False, include_plotlyjs=SCRIPT, div_id=name, config=CONFIG)
        title = html.escape(campaign_line(data, subject))
        path = folder / f"{name}.html"
        write_atomic(path, PAGE.format(title=title, figure=body, note=html.escape(note)))
        files.append(path)
    script = folder / SCRIPT
    write_atomic(script, get_plotlyjs())
    return [*files, script]
