from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest
from conformance.engine import EngineConformance
from molecules import trpcage, trpcage_model
from numpy.typing import NDArray

from sims.allatom import AllAtomOptions
from sims.allatom.relaxation import RelaxationStage
from sims.engines.allatom import AllAtomEngine
from sims.engines.protocol import EngineFrame
from sims.mapping import BeadMapping
from sims.platforms import choose_platform
from sims.run import run_simulation, state_path
from sims.structure.sequence import from_sequence


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


class HastyEngine(AllAtomEngine):
    """As long a relaxation as two short peptides without strain need."""

    _minimisation = 60
    _relaxation = (RelaxationStage(100, 0.001, 1.0), RelaxationStage(100, 0.002, 0.0))


def test_explicit_water_is_resumable_at_constant_pressure(tmp_path: Path) -> None:
    """Two chains in water: the box breathes, a restart repeats it exactly, and the chains stay together."""
    structure = from_sequence("GA:AG")
    residues = [atom.residue.index for atom in structure.topology.atoms()]
    weights = ((residue, atom, 1.0) for atom, residue in enumerate(residues))
    mapping = BeadMapping.from_weights(weights, n_beads=4, n_atoms=structure.n_atoms)

    def engine() -> AllAtomEngine:
        options = AllAtomOptions(padding=0.8)
        return HastyEngine(structure, mapping, options, choose_platform("CPU", threads=1))

    frames: list[EngineFrame] = []
    first = engine()
    run_simulation(
        first,
        tmp_path,
        start=structure.positions,
        seed=3,
        steps=100,
        segment=50,
        every=25,
        on_frame=frames.append,
    )
    assert len({frame.box[0] for frame in frames}) > 1
    again = engine()
    again.restore(state_path(tmp_path, 50))
    for ours, theirs in zip(again.run(50, 25), frames[2:], strict=True):
        np.testing.assert_array_equal(ours.positions, theirs.positions)
        np.testing.assert_array_equal(ours.box, theirs.box)

    together = first.solute()
    apart = first.dynamics.positions()
    second_chain = [atom.index for atom in structure.topology.atoms() if atom.residue.chain.index == 1]
    apart[second_chain] += 3 * frames[-1].box * np.array([1, 0, -1])
    first.dynamics.place(apart)
    np.testing.assert_allclose(first.solute(), together, atol=1e-4)

    atoms = mdtraj.load(str(tmp_path / "atoms-000000000050.xtc"), top=str(tmp_path / "atoms.pdb"))
    np.testing.assert_allclose(atoms.unitcell_lengths, [frame.box for frame in frames[2:]], rtol=1e-4)
