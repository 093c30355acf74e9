"""Pieces of an HTML page. Every text that comes in is escaped here, and nowhere else."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_block", "heading", "paragraph", "table_block"]


def heading(level: int, text: str) -> str:
    """A heading, h1 to h6."""
    return f"<h{level}>{html.escape(text)}</h{level}>\n"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; `kind` is its class in the style sheet."""
    return (
        f'<p class="{html.escape(kind)}">{html.escape(text)}</p>\n'
        if kind
        else f"<p>{html.escape(text)}</p>\n"
    )


def figure_block(figure: Figure, caption: str) -> str:
    """A figure as SVG inside the page, with its caption."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", dpi=150, metadata={"Date": None})
    data = base64.b64encode(drawn.getvalue()).decode()
    told = html.escape(caption)
    return f'<figure><img alt="{told}" src="data:image/svg+xml;base64,{data}"><figcaption>{told}</figcaption></figure>\n'


def table_block(rows: Iterable[Sequence[object]], caption: str, most: int = 200) -> str:
    """A table whose first row holds the names of the columns.

    Parameters
    ----------
    rows : iterable of sequence
    caption : str
    most : int
        Rows shown; how many there are besides is said below.
    """
    names, *body = list(rows)
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in names)
    lines = [
        f"<tr>{''.join(f'<td>{html.escape(str(value))}</td>' for value in row)}</tr>" for row in body[:most]
    ]
    left = (
        paragraph(f"{len(body) - most} more rows are in the tables of `steer coverage`.")
        if len(body) > most
        else ""
    )
    empty = "" if body else f'<tr><td colspan="{len(names)}">none</td></tr>'
    return (
        f'<div class="wide"><table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>\n<tbody>'
        + "\n".join(lines)
        + f"{empty}</tbody></table></div>\n{left}"
    )
