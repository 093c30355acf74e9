"""Real molecules for the tests, built once a process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sims.martini.martinize import MartinizeOptions, martinize
from sims.martini.model import CoarseModel
from sims.structure import Structure

EXAMPLES = Path(__file__).parents[1] / "examples"


@cache
def trpcage() -> Structure:
    """The Trp-cage mini-protein, 304 atoms."""
    return Structure.read(EXAMPLES / "trp-cage" / "trpcage.pdb")


@cache
def trpcage_model() -> CoarseModel:
    """Its Martini 3 model with an elastic network."""
    with tempfile.TemporaryDirectory() as folder:
        return martinize(trpcage(), MartinizeOptions(), Path(folder) / "ff-0001")
