"""Real proteins from the wheels of vermouth and pdbfixer, prepared as a campaign prepares them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from sims.structure import Structure, prepare

_PLACES = {
    "trpcage": ("vermouth", "tests/data/integration_tests/tier-0/mini-protein3_trp-cage/aa.pdb"),
    "villin": ("pdbfixer", "tests/data/test.pdb"),
    "bpti": ("vermouth", "tests/data/integration_tests/tier-1/bpti/aa.pdb"),
    "insulin": ("vermouth", "tests/data/integration_tests/tier-1/3i40/3i40.pdb"),
}

Protein = Callable[[str], Structure]


def package_file(package: str, path: str) -> Path:
    """A file inside an installed package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(package)
    return Path(spec.origin).parent / path


@pytest.fixture(scope="session")
def protein() -> Protein:
    """Prepared structures by name, each prepared once."""

    @cache
    def get(name: str) -> Structure:
        return prepare(package_file(*_PLACES[name]))

    return get
