from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from conformance.engine import EngineConformance
from molecules import trpcage, trpcage_model
from numpy.typing import NDArray

from sims.engines.coarse import CoarseOptions, MartiniEngine
from sims.martini.martinize import MartinizeOptions, martinize
from sims.platforms import choose_platform
from sims.run import run_simulation
from sims.trajectory import read_parts

PLAN: dict[str, Any] = {"seed": 5, "steps": 1500, "segment": 500, "every": 50}

CHILD = """
import sys
from pathlib import Path
import numpy as np
from sims.engines.coarse import MartiniEngine
from sims.martini.model import CoarseModel
from sims.martini.martinize import MartinizeOptions, martinize
from sims.platforms import choose_platform
from sims.run import run_simulation

directory = Path(sys.argv[1])
model = CoarseModel.load(directory / "ff-0001")

def publish(frame):
    with (directory / "published.txt").open("a") as record:
        record.write(f"{frame.step}\\n")

run_simulation(
    MartiniEngine(model, platform=choose_platform("CPU", threads=1)), directory / "run", start=model.positions,
    seed=5, steps=1500, segment=500, every=50, on_frame=publish,
)
"""


CPU = choose_platform("CPU", threads=1)


def engine(platform: str = "CPU") -> MartiniEngine:
    return MartiniEngine(trpcage_model(), CoarseOptions(), choose_platform(platform, threads=1))


class TestMartiniEngine(EngineConformance):
    @classmethod
    def make(cls, platform: str) -> MartiniEngine:
        return engine(platform)

    @classmethod
    def start(cls) -> NDArray[np.float64]:
        return trpcage_model().positions

    @classmethod
    def bonds(cls) -> NDArray[np.int64]:
        return trpcage_model().bonded

    def test_bonds_keep_their_lengths(self, saved: Path) -> None:
        engine = self._restored(saved)
        frames = np.array([frame.positions for frame in engine.run(1000, 50)])
        first, second = trpcage_model().bonded.T
        lengths = np.linalg.norm(frames[:, first] - frames[:, second], axis=-1).mean(axis=0)
        np.testing.assert_allclose(lengths, trpcage_model().bonded_lengths, atol=0.06)

    def test_nonbonded_form_is_the_one_asked_for(self) -> None:
        assert _force_names(MartiniEngine(trpcage_model(), CoarseOptions(), CPU)) >= {"solute_correction"}
        exact = MartiniEngine(trpcage_model(), CoarseOptions(nonbonded="exact"), CPU)
        assert _force_names(exact) >= {"lennard_jones", "coulomb"}


def test_fold_survives_200_ps(tmp_path: Path) -> None:
    """With its elastic network the Trp-cage keeps its shape: backbone distances stay within 0.25 nm rms."""
    model = trpcage_model()
    frames: list[NDArray[np.float32]] = []
    summary = run_simulation(
        engine(),
        tmp_path,
        start=model.positions,
        seed=3,
        steps=10_000,
        segment=10_000,
        every=1000,
        on_frame=lambda frame: frames.append(frame.positions),
    )
    assert summary.completed
    backbone = model.backbone
    reference = _distances(model.positions[backbone])
    for positions in frames:
        assert np.sqrt(np.mean((_distances(positions[backbone]) - reference) ** 2)) < 0.25


def test_killed_process_loses_nothing(tmp_path: Path) -> None:
    """Killed between frames of the second segment; what is there goes on as if nothing had happened."""
    martinize(trpcage(), MartinizeOptions(), tmp_path / "ff-0001")
    published = tmp_path / "published.txt"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)]) as child:
        while child.poll() is None and (not published.exists() or len(published.read_text().split()) < 14):
            time.sleep(0.002)
        child.kill()
    assert child.returncode == -signal.SIGKILL
    again: list[int] = []
    start = trpcage_model().positions
    resumed = run_simulation(
        engine(), tmp_path / "run", start=start, on_frame=lambda frame: again.append(frame.step), **PLAN
    )
    assert resumed.completed
    assert again[0] in (550, 1050)
    run_simulation(engine(), tmp_path / "undisturbed", start=start, on_frame=lambda _: None, **PLAN)
    track, whole = read_parts(tmp_path / "run"), read_parts(tmp_path / "undisturbed")
    np.testing.assert_array_equal(track.positions, whole.positions)


def _distances(positions: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.linalg.norm(positions[:, None] - positions[None], axis=-1)


def _force_names(engine: MartiniEngine) -> set[str]:
    system = engine._system(engine._solvate(trpcage_model().positions, 1))
    return {force.getName() for force in system.getForces()}
