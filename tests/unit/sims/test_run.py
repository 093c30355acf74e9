from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mdtraj
import numpy as np
import pytest
from numpy.typing import NDArray

from sims.engines.protocol import EngineFrame
from sims.exceptions import SimulationDiverged, StateMismatch
from sims.files import write_atomic
from sims.landscapes import DoubleWell, embed
from sims.landscapes.engine import ToyEngine, ToyOptions
from sims.run import RunSummary, list_states, run_simulation, state_path
from sims.trajectory import list_parts, part_path, read_parts

WELL = DoubleWell()
START = embed(WELL, WELL.minima[:1])[0]
PLAN: dict[str, Any] = {"start": START, "seed": 11, "segment": 1000, "every": 100}


class Trap(ToyEngine):
    """A walker that is thrown to NaN whenever it passes certain steps, as often as told."""

    def __init__(self, steps: dict[int, int]) -> None:
        super().__init__(WELL)
        self.remaining = steps

    def run(self, steps: int, every: int):  # type: ignore[no-untyped-def]
        for step in sorted(self.remaining):
            if self.step <= step < self.step + steps and self.remaining[step]:
                self.remaining[step] -= 1
                self.dynamics.place(np.full((4, 3), np.nan))
        yield from super().run(steps, every)


def simulate(
    directory: Path, steps: int, engine: ToyEngine | None = None, **changes: Any
) -> tuple[RunSummary, list[EngineFrame]]:
    frames: list[EngineFrame] = []
    plan = {"on_frame": frames.append, **PLAN, **changes}
    return run_simulation(engine or ToyEngine(WELL), directory, steps=steps, **plan), frames


def stop_at(engine: ToyEngine, step: int) -> Callable[[], bool]:
    return lambda: engine._prepared is not None and engine.step >= step


def positions(frames: list[EngineFrame]) -> NDArray[np.float32]:
    return np.array([frame.positions for frame in frames])


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    """Frames of 5,000 undisturbed steps."""
    return positions(simulate(tmp_path_factory.mktemp("reference"), 5000)[1])


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_run_leaves_what_its_documentation_says(tmp_path: Path, reference: NDArray[np.float32]) -> None:
    summary, frames = simulate(tmp_path, 2500)
    assert names(tmp_path) == [
        "frames-000000000000.xtc",
        "frames-000000001000.xtc",
        "frames-000000002000.xtc",
        "state-000000002000.xml",
        "state-000000002500.xml",
        "system.json",
        "system.xml",
        "topology.pdb",
    ]
    assert (summary.steps, summary.frames, summary.completed, summary.rescues) == (2500, 25, True, 0)
    assert summary.state == state_path(tmp_path, 2500)
    assert summary.steps_per_second == pytest.approx(2500 / summary.seconds)
    assert [frame.step for frame in frames] == list(range(100, 2501, 100))


def test_trajectory_on_disk_is_what_was_reported(tmp_path: Path) -> None:
    _, frames = simulate(tmp_path, 2500)
    parts = [str(path) for _, path in list_parts(tmp_path)]
    trajectory = mdtraj.load(parts, top=str(tmp_path / "topology.pdb"))
    np.testing.assert_allclose(trajectory.xyz, positions(frames), atol=0.0006)
    np.testing.assert_allclose(trajectory.time, [frame.time for frame in frames], rtol=1e-6)


def test_finished_run_returns_at_once(tmp_path: Path) -> None:
    simulate(tmp_path, 2000)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    engine = ToyEngine(WELL)
    summary, frames = simulate(tmp_path, 2000, engine)
    assert summary.completed
    assert (summary.steps, summary.frames, frames) == (2000, 20, [])
    assert engine.step == 2000
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("stop", [1, 100, 250, 1000, 1250, 4600])
def test_stopped_run_goes_on_where_it_was(tmp_path: Path, reference: NDArray[np.float32], stop: int) -> None:
    engine = ToyEngine(WELL)
    summary, first = simulate(tmp_path, 5000, engine, should_stop=stop_at(engine, stop))
    assert not summary.completed
    assert stop <= summary.steps < stop + 250
    assert summary.state == state_path(tmp_path, summary.steps)
    summary, second = simulate(tmp_path, 5000)
    assert summary.completed
    assert [frame.step for frame in first + second] == list(range(100, 5001, 100))
    np.testing.assert_array_equal(positions(first), reference[: len(first)])
    assert len(read_parts(tmp_path).positions) == 50


def test_stop_while_preparing_leaves_nothing_to_redo(tmp_path: Path) -> None:
    summary, frames = simulate(tmp_path, 2000, should_stop=lambda: True)
    assert (summary.steps, summary.state, summary.completed, frames) == (0, None, False, [])
    assert simulate(tmp_path, 2000)[0].completed


@pytest.mark.parametrize("crash", [1, 7, 10, 11, 25, 39])
def test_crash_at_any_frame_loses_no_segment_and_repeats_exactly(
    tmp_path: Path, reference: NDArray[np.float32], crash: int
) -> None:
    seen: list[EngineFrame] = []

    def fail(frame: EngineFrame) -> None:
        seen.append(frame)
        if len(seen) == crash:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        simulate(tmp_path, 5000, on_frame=fail)
    whole = (crash - 1) // 10 * 10
    assert sum(1 for _ in list_parts(tmp_path)) == whole // 10
    _, rest = simulate(tmp_path, 5000)
    assert [frame.step for frame in rest] == list(range(100 * (whole + 1), 5001, 100))
    np.testing.assert_array_equal(positions(seen), reference[:crash])
    np.testing.assert_array_equal(positions(rest), reference[whole:])


def test_part_whose_state_was_never_written_is_made_again(
    tmp_path: Path, reference: NDArray[np.float32]
) -> None:
    simulate(tmp_path, 3000)
    state_path(tmp_path, 3000).unlink()
    _, frames = simulate(tmp_path, 5000)
    assert frames[0].step == 2100
    np.testing.assert_allclose(read_parts(tmp_path).positions, reference, atol=0.0006)


@pytest.mark.parametrize("damage", [b"", b"<State", None])
def test_damaged_state_falls_back_to_the_one_before(
    tmp_path: Path, reference: NDArray[np.float32], damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    simulate(tmp_path, 3000)
    last = state_path(tmp_path, 3000)
    last.write_bytes(last.read_bytes()[:-100] if damage is None else damage)
    _, frames = simulate(tmp_path, 5000)
    assert frames[0].step == 2100
    assert "Falling back" in caplog.text
    np.testing.assert_allclose(read_parts(tmp_path).positions, reference, atol=0.0006)


def test_all_states_damaged_starts_again(tmp_path: Path, reference: NDArray[np.float32]) -> None:
    simulate(tmp_path, 3000)
    for _, path in list_states(tmp_path):
        path.write_text("")
    _, frames = simulate(tmp_path, 2000)
    np.testing.assert_array_equal(positions(frames), reference[:20])
    assert [step for step, _ in list_states(tmp_path)] == [1000, 2000]
    assert [first for first, _ in list_parts(tmp_path)] == [0, 1000]


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".frames-000000000000.xtc.1a2b3c4d.part").write_bytes(b"half a frame")
    simulate(tmp_path, 1000)
    assert not list(tmp_path.glob(".*"))


def test_another_systems_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    simulate(tmp_path, 1000)
    before = names(tmp_path)
    with pytest.raises(StateMismatch, match="timestep"):
        simulate(tmp_path, 2000, ToyEngine(WELL, ToyOptions(timestep=0.01)))
    with pytest.raises(StateMismatch, match="identity"):
        simulate(tmp_path, 2000, ToyEngine(DoubleWell(tilt=0.5)))
    assert names(tmp_path) == before


def test_longer_run_extends_a_shorter_one(tmp_path: Path, reference: NDArray[np.float32]) -> None:
    simulate(tmp_path, 2000)
    simulate(tmp_path, 5000)
    np.testing.assert_allclose(read_parts(tmp_path).positions, reference, atol=0.0006)


def test_divergence_is_rescued_once(tmp_path: Path, reference: NDArray[np.float32]) -> None:
    summary, frames = simulate(tmp_path, 5000, Trap({2300: 1}))
    assert summary.completed
    assert summary.rescues == 1
    kept = {frame.step: frame.positions for frame in frames}
    assert sorted(kept) == list(range(100, 5001, 100))
    np.testing.assert_array_equal(kept[2000], reference[19])
    assert np.isfinite(read_parts(tmp_path).positions).all()
    assert len(read_parts(tmp_path).positions) == 50
    assert len(list(tmp_path.glob("broken-*.xml"))) == 1


def test_divergence_after_a_rescue_gives_up_and_names_both_states(tmp_path: Path) -> None:
    with pytest.raises(SimulationDiverged) as caught:
        simulate(tmp_path, 5000, Trap({2300: 2}))
    assert caught.value.last_good == state_path(tmp_path, 2000)
    assert caught.value.broken is not None
    assert caught.value.broken.exists()
    assert [first for first, _ in list_parts(tmp_path)] == [0, 1000]
    assert simulate(tmp_path, 5000)[0].completed


def test_each_segment_may_be_rescued(tmp_path: Path) -> None:
    assert simulate(tmp_path, 5000, Trap({500: 1, 2300: 1}))[0].rescues == 2


def test_progress_ends_at_one(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    simulate(tmp_path, 1500, progress=lambda phase, fraction: told.append((phase, fraction)))
    fractions = [fraction for phase, fraction in told if phase == "run"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"segment": 0}, {"every": 0}])
def test_senseless_lengths_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="A run needs"):
        run_simulation(ToyEngine(WELL), tmp_path, on_frame=lambda _: None, **{**PLAN, "steps": 10, **wrong})


def test_frames_without_a_whole_interval_make_no_part(tmp_path: Path) -> None:
    summary, frames = simulate(tmp_path, 50)
    assert summary.completed
    assert frames == []
    assert list_parts(tmp_path) == []


def test_states_older_than_the_last_two_are_pruned(tmp_path: Path) -> None:
    simulate(tmp_path, 5000)
    assert [step for step, _ in list_states(tmp_path)] == [4000, 5000]


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "state-of-the-art.xml", "seed.pdb"):
        write_atomic(tmp_path / name, "mine")
    simulate(tmp_path, 1000)
    assert (tmp_path / "state-of-the-art.xml").read_text() == "mine"
    assert part_path(tmp_path, "frames", 0).exists()
