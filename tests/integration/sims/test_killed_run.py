"""A simulation whose process is killed again and again ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.landscapes import DoubleWell, embed
from sims.landscapes.engine import ToyEngine
from sims.run import run_simulation
from sims.trajectory import read_parts

STEPS, SEGMENT, EVERY = 400_000, 20_000, 500
LANDSCAPE = DoubleWell()

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_killed_run import simulate

directory = Path(sys.argv[1])
with (directory / "published.txt").open("a") as record:
    def publish(frame):
        record.write(f"{frame.step} {frame.positions.tobytes().hex()}\\n")
        record.flush()
    simulate(directory / "run", publish)
(directory / "done").touch()
"""


def simulate(directory: Path, publish) -> None:  # type: ignore[no-untyped-def]
    run_simulation(
        ToyEngine(LANDSCAPE),
        directory,
        start=embed(LANDSCAPE, LANDSCAPE.minima[:1])[0],
        seed=21,
        steps=STEPS,
        segment=SEGMENT,
        every=EVERY,
        on_frame=publish,
    )


def run_and_kill(directory: Path, after: int) -> None:
    """Start the simulation's process, and kill it once it has published this many bytes more."""
    record = directory / "published.txt"
    record.touch()
    limit = record.stat().st_size + after
    command = [sys.executable, "-c", CHILD, str(directory), str(Path(__file__).parent)]
    with subprocess.Popen(command) as child:
        while child.poll() is None and record.stat().st_size < limit:
            time.sleep(0.0005)
        child.kill()


def published(directory: Path) -> list[tuple[int, NDArray[np.float32]]]:
    """Whole lines of the record; a kill may have cut one short, and the next process goes on in the same line."""
    frames = []
    for line in (directory / "published.txt").read_text().splitlines():
        words = line.split()
        if len(words) == 2 and len(words[1]) == 96:
            frames.append((int(words[0]), np.frombuffer(bytes.fromhex(words[1]), np.float32).reshape(4, 3)))
    return frames


def test_killed_again_and_again(tmp_path: Path) -> None:
    whole: list[tuple[int, NDArray[np.float32]]] = []
    simulate(tmp_path / "undisturbed", lambda frame: whole.append((frame.step, frame.positions)))
    random = np.random.default_rng(17)
    kills = 0
    while not (tmp_path / "done").exists():
        assert kills < 60, "the simulation makes no progress between kills"
        run_and_kill(tmp_path, int(random.integers(100, 20_000)))
        kills += 1
    assert kills >= 5

    expected = dict(whole)
    frames = published(tmp_path)
    assert {step for step, _ in frames} == set(expected)
    for step, positions in frames:
        np.testing.assert_array_equal(positions, expected[step])

    track, undisturbed = read_parts(tmp_path / "run"), read_parts(tmp_path / "undisturbed")
    np.testing.assert_array_equal(track.positions, undisturbed.positions)
    np.testing.assert_array_equal(track.times, undisturbed.times)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == sorted(
        p.name for p in (tmp_path / "undisturbed").iterdir()
    )
