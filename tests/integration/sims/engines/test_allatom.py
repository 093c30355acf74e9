from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conformance.engine import EngineConformance
from molecules import trpcage, trpcage_model
from numpy.typing import NDArray

from sims.allatom import AllAtomOptions
from sims.engines.allatom import AllAtomEngine
from sims.mapping import BeadMapping
from sims.platforms import choose_platform


class TestAllAtomEngine(EngineConformance):
    """Implicit solvent, which a CPU can run."""

    temperature_samples = 300
    temperature_tolerance = 0.04

    @classmethod
    def make(cls, platform: str) -> AllAtomEngine:
        options = AllAtomOptions(solvent="implicit")
        return AllAtomEngine(
            trpcage(), trpcage_model().mapping, options, choose_platform(platform, threads=1)
        )

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return trpcage().positions

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return trpcage_model().bonded

    def test_frames_are_the_beads_of_the_atoms(self, saved: Path) -> None:
        engine = self._restored(saved)
        for frame in engine.run(self.steps, self.every):
            beads = trpcage_model().mapping.apply(engine.solute())
            np.testing.assert_allclose(frame.positions, beads, atol=1e-5)

    def test_beads_are_named_as_in_the_coarse_model(self, saved: Path) -> None:
        lines = [
            line for line in (saved.parent / "topology.pdb").read_text().splitlines() if line[:4] == "ATOM"
        ]
        assert tuple(line[12:16].strip() for line in lines) == trpcage_model().bead_names
        assert tuple(line[17:20].strip() for line in lines) == trpcage_model().residue_names

    def test_covalent_bonds_stay_whole(self, saved: Path) -> None:
        engine = self._restored(saved)
        engine.dynamics.advance(500)
        bonds = np.array([(first.index, second.index) for first, second in trpcage().topology.bonds()])
        first, second = bonds.T
        lengths = np.linalg.norm(engine.solute()[first] - engine.solute()[second], axis=1)
        assert lengths.max() < 0.25


def test_mapping_of_another_molecule_is_refused() -> None:
    other = BeadMapping.from_weights([(0, atom, 1.0) for atom in range(303)], n_beads=1, n_atoms=303)
    with pytest.raises(ValueError, match="303 atoms"):
        AllAtomEngine(trpcage(), other)
