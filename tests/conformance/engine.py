"""What every `sims.engines.protocol.Engine` must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import mdtraj
import numpy as np
import pytest
from numpy.typing import NDArray

from sims.engines.base import OpenMMEngine
from sims.engines.protocol import EngineFrame
from sims.exceptions import SimulationDiverged, StateError, StateMismatch
from sims.files import write_atomic
from sims.run import run_simulation


class EngineConformance(ABC):
    """Subclasses say how to make the engine and where it starts; `steps` is a short piece, `longest_bond` in nm."""

    steps = 40
    every = 10
    temperature = 300.0
    temperature_platform = "CPU"
    temperature_samples = 200
    temperature_interval = 20
    temperature_tolerance = 0.03
    longest_bond = 1.5

    @classmethod
    @abstractmethod
    def make(cls, platform: str) -> OpenMMEngine:
        """A new engine that is neither started nor restored."""

    @classmethod
    @abstractmethod
    def start(cls) -> NDArray[np.float64]:
        """Solute coordinates to start from."""

    @classmethod
    @abstractmethod
    def bonds(cls) -> NDArray[np.int64]:
        """Pairs (n, 2) of followed beads that are never more than `longest_bond` apart."""

    @pytest.fixture(scope="class")
    @classmethod
    def saved(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A state at step `steps` of a simulation with seed 7, and its frames up to there beside it."""
        directory = tmp_path_factory.mktemp("saved")
        engine = cls.make("CPU")
        engine.start(cls.start(), seed=7)
        frames = list(engine.run(cls.steps, cls.every))
        engine.save(directory / "state.xml")
        np.save(directory / "frames.npy", np.array([frame.positions for frame in frames]))
        after = list(engine.run(cls.steps, cls.every))
        np.save(directory / "after.npy", np.array([frame.positions for frame in after]))
        engine.write_topology(directory)
        np.save(directory / "solute.npy", engine.solute())
        return directory / "state.xml"

    def test_refuses_to_run_before_it_is_prepared(self) -> None:
        with pytest.raises(RuntimeError, match="call start"):
            next(self.make("CPU").run(10, 10))

    def test_refuses_a_start_that_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="shape"):
            self.make("CPU").start(self.start()[:-1], seed=1)
        with pytest.raises(ValueError, match="finite"):
            self.make("CPU").start(np.full_like(self.start(), np.nan), seed=1)

    def test_frames_lie_at_multiples_of_the_interval(self, saved: Path) -> None:
        engine = self._restored(saved)
        pieces = [3, self.every - 3, 2 * self.every + 1, self.every - 1]
        frames = [frame for piece in pieces for frame in engine.run(piece, self.every)]
        expected = self.steps + self.every * np.arange(1, 5)
        assert [frame.step for frame in frames] == expected.tolist()
        np.testing.assert_allclose([frame.time for frame in frames], expected * engine.timestep)
        assert engine.step == expected[-1]

    def test_frames_are_finite_single_precision_and_whole(self, saved: Path) -> None:
        for frame in self._restored(saved).run(self.steps, self.every):
            self._check_frame(frame)

    def test_same_seed_same_trajectory(self, saved: Path) -> None:
        engine = self.make("CPU")
        engine.start(self.start(), seed=7)
        again = np.array([frame.positions for frame in engine.run(self.steps, self.every)])
        np.testing.assert_array_equal(again, np.load(saved.parent / "frames.npy"))

    def test_another_seed_another_trajectory(self, saved: Path) -> None:
        engine = self.make("CPU")
        engine.start(self.start(), seed=8)
        other = np.array([frame.positions for frame in engine.run(self.steps, self.every)])
        assert not np.array_equal(other[-1], np.load(saved.parent / "frames.npy")[-1])

    def test_restored_engine_goes_on_exactly_as_the_one_that_saved(self, saved: Path) -> None:
        engine = self._restored(saved)
        assert engine.step == self.steps
        again = np.array([frame.positions for frame in engine.run(self.steps, self.every)])
        np.testing.assert_array_equal(again, np.load(saved.parent / "after.npy"))

    def test_state_is_restored_on_another_platform(self, saved: Path) -> None:
        ours, theirs = self._restored(saved), self._restored(saved, "Reference")
        np.testing.assert_array_equal(ours.solute(), theirs.solute())
        assert ours.dynamics.energies()[0] == pytest.approx(theirs.dynamics.energies()[0], rel=1e-4, abs=0.05)
        assert [frame.step for frame in theirs.run(self.every, self.every)] == [self.steps + self.every]

    def test_solute_is_the_start_moved_only_by_relaxation(self, saved: Path) -> None:
        assert self._restored(saved).solute().shape == self.start().shape
        assert self._restored(saved).solute().dtype == np.float32

    def test_topology_opens_the_trajectory(self, saved: Path, tmp_path: Path) -> None:
        structure = mdtraj.load(str(saved.parent / "topology.pdb"))
        frames = np.load(saved.parent / "frames.npy")
        assert structure.n_atoms == frames.shape[1]
        np.testing.assert_allclose(structure.xyz[0], np.load(saved.parent / "after.npy")[-1], atol=0.0006)
        if self.make("CPU").level == "aa":
            atoms = mdtraj.load(str(saved.parent / "atoms.pdb"))
            np.testing.assert_allclose(atoms.xyz[0], np.load(saved.parent / "solute.npy"), atol=0.0006)

    def test_damaged_state_is_refused(self, saved: Path, tmp_path: Path) -> None:
        for name in ("system.xml", "system.json"):
            write_atomic(tmp_path / name, (saved.parent / name).read_bytes())
        text = saved.read_text()
        middle = text.index("<Velocity") + 20
        altered = "8" if text[middle] != "8" else "9"
        for damaged in ("", text[:middle], text[:middle] + altered + text[middle + 1 :]):
            (tmp_path / "state.xml").write_text(damaged)
            with pytest.raises(StateError, match=r"state\.xml"):
                self.make("CPU").restore(tmp_path / "state.xml")

    def test_state_of_another_system_is_refused(self, saved: Path, tmp_path: Path) -> None:
        for name in ("state.xml", "system.xml"):
            write_atomic(tmp_path / name, (saved.parent / name).read_bytes())
        record = (saved.parent / "system.json").read_text()
        (tmp_path / "system.json").write_text(record.replace('"identity": "', '"identity": "another '))
        with pytest.raises(StateMismatch, match="identity"):
            self.make("CPU").restore(tmp_path / "state.xml")

    def test_rescue_changes_the_path_but_not_the_count(self, saved: Path) -> None:
        engine = self._restored(saved)
        engine.rescue(saved)
        assert engine.step == self.steps
        frames = list(engine.run(self.steps, self.every))
        assert [frame.step for frame in frames] == (self.steps + self.every * np.arange(1, 5)).tolist()
        assert not np.array_equal(frames[-1].positions, np.load(saved.parent / "after.npy")[-1])

    def test_temperature_is_that_of_the_thermostat(self, saved: Path) -> None:
        engine = self._restored(saved, self.temperature_platform)
        temperatures = []
        for _ in range(self.temperature_samples):
            engine.dynamics.advance(self.temperature_interval)
            temperatures.append(engine.dynamics.temperature())
        assert np.mean(temperatures) == pytest.approx(self.temperature, rel=self.temperature_tolerance)

    def test_explosion_is_noticed(self, saved: Path) -> None:
        engine = self._restored(saved)
        positions = engine.dynamics.positions()
        positions[-1] = np.nan
        engine.dynamics.place(positions)
        with pytest.raises(SimulationDiverged):
            list(engine.run(self.steps, self.every))

    def test_run_in_a_folder_is_resumed_without_redoing_anything(self, tmp_path: Path) -> None:
        whole, cut = [], []
        plan = {"start": self.start(), "seed": 7, "segment": 2 * self.every, "every": self.every}
        run_simulation(self.make("CPU"), tmp_path / "whole", steps=self.steps, on_frame=whole.append, **plan)
        run_simulation(self.make("CPU"), tmp_path / "cut", steps=2 * self.every, on_frame=cut.append, **plan)
        summary = run_simulation(
            self.make("CPU"), tmp_path / "cut", steps=self.steps, on_frame=cut.append, **plan
        )
        assert summary.completed
        assert [frame.step for frame in cut] == [frame.step for frame in whole]
        for ours, theirs in zip(cut, whole, strict=True):
            np.testing.assert_array_equal(ours.positions, theirs.positions)

    def _restored(self, state: Path, platform: str = "CPU") -> OpenMMEngine:
        engine = self.make(platform)
        engine.restore(state)
        return engine

    def _check_frame(self, frame: EngineFrame) -> None:
        assert frame.positions.dtype == np.float32
        assert frame.box.dtype == np.float32
        assert frame.box.shape == (3,)
        assert np.isfinite(frame.positions).all()
        first, second = self.bonds().T
        lengths = np.linalg.norm(frame.positions[first] - frame.positions[second], axis=1)
        assert lengths.max() < self.longest_bond
