"""Prepared proteins with their martinize2 mappings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sims.backmap.protocol import BackmapRequest
from sims.mapping import BeadMapping
from sims.martini.martinize import MartinizeOptions, martinize
from sims.structure import Structure, from_sequence, prepare

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True)
class Molecule:
    structure: Structure
    mapping: BeadMapping

    def request(self, noise: float, seed: int) -> BackmapRequest:
        """The reference conformation's beads, each moved by Gaussian noise in nm."""
        beads = self.mapping.apply(self.structure.positions)
        moved = beads + np.random.default_rng(seed).normal(scale=noise, size=beads.shape)
        return BackmapRequest(moved.astype(np.float32), self.structure, self.mapping, seed)


def _structure(name: str) -> Structure:
    if name == "trpcage":
        return prepare(ROOT / "examples" / "trp-cage" / "trpcage.pdb")
    if name == "insulin":
        package = find_spec("vermouth")
        assert package is not None
        assert package.origin is not None
        return prepare(
            Path(package.origin).parent
            / "tests"
            / "data"
            / "integration_tests"
            / "tier-1"
            / "3i40"
            / "3i40.pdb"
        )
    return from_sequence(name)


@pytest.fixture(scope="session")
def molecule(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Molecule]:
    """A protein by name, or a peptide by its one-letter sequence; each built once."""

    @cache
    def get(name: str) -> Molecule:
        structure = _structure(name)
        folder = tmp_path_factory.mktemp("martini") / "model"
        return Molecule(structure, martinize(structure, MartinizeOptions(network="none"), folder).mapping)

    return get
