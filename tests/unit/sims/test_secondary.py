from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from openmm import app

from sims.secondary import secondary_structure, secondary_structures

TRPCAGE = "tests/data/integration_tests/tier-0/mini-protein3_trp-cage/aa.pdb"


@pytest.fixture(scope="module")
def trpcage() -> app.PDBFile:
    spec = find_spec("vermouth")
    assert spec is not None
    assert spec.origin is not None
    return app.PDBFile(str(Path(spec.origin).parent / TRPCAGE))


def positions_of(pdb: app.PDBFile) -> np.ndarray:
    return np.array(pdb.getPositions(asNumpy=True)._value)


def test_trp_cage_is_a_helix_a_3_10_helix_and_a_tail(trpcage: app.PDBFile) -> None:
    # As martinize2 -dssp wrote it into the reference topology (tests/data/martini3/trpcage).
    assert secondary_structure(trpcage.topology, positions_of(trpcage)) == "CHHHHHHHTTGGGGTCCCCC"


def test_each_frame_gets_its_own(trpcage: app.PDBFile) -> None:
    native = positions_of(trpcage)
    frames = secondary_structures(trpcage.topology, np.stack([native, native * 1.5]))
    assert frames[0] == "CHHHHHHHTTGGGGTCCCCC"
    assert set(frames[1]) <= set("CST")


def test_a_residue_without_oxygen_is_coil(trpcage: app.PDBFile) -> None:
    modeller = app.Modeller(trpcage.topology, trpcage.positions)
    modeller.delete(
        [atom for atom in modeller.topology.atoms() if atom.residue.index == 4 and atom.name == "O"]
    )
    text = io.StringIO()
    app.PDBFile.writeFile(modeller.topology, modeller.positions, text)
    pdb = app.PDBFile(io.StringIO(text.getvalue()))
    letters = secondary_structure(pdb.topology, positions_of(pdb))
    assert len(letters) == 20
    assert letters[4] == "C"
