"""A real campaign that loses Redis for good, then has its files damaged, then is extended by a command that is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steer.framereader import FrameReader
from steer.journal import Journal

CAMPAIGN = """
[campaign]
name = "small"
seed = 7

[molecule]
sequence = "NLYIQ"

[allatom]
solvent = "implicit"

[coarse]
network = "none"
padding = "1.0 nm"
length = "40 ps"
segment = "10 ps"
frame_interval = "0.4 ps"

[latent]
dimensions = 2
min_frames = 60
growth = 3.0
epochs = 5

[seeding]
initial = 2

[refinement]
length = "1 ps"
segment = "1 ps"
frame_interval = "0.2 ps"

[stop]
aggregate_time = "120 ps"

[workers]
slots = 2
platform = "CPU"
"""
EVERY = {"cg": 20, "aa": 50}


def start(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    with (cwd / "run.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "steer", *map(str, arguments)], cwd=cwd, stdout=log, stderr=log, text=True
        )


def finish(*arguments: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "steer", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def kill_when(process: subprocess.Popen[str], root: Path, ready: Callable[[], bool]) -> None:
    """Kill the coordinator as soon as something is true."""
    deadline = time.monotonic() + 600
    while not ready():
        assert process.poll() is None, (root.parent / "run.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()


def has_stored(root: Path, frames: int) -> bool:
    status = root / "status.json"
    return status.exists() and json.loads(status.read_text())["frames"] >= frames


def wipe_redis(root: Path) -> None:
    """End the server as a power cut would, and lose everything it knew."""
    pid = int((root / "redis" / "redis.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        time.sleep(0.05)
    shutil.rmtree(root / "redis")


def assert_complete(root: Path, cg_time: float) -> None:
    """Every frame of every simulation that is done is stored and sound, once; together they make `cg_time` ps."""
    reader = FrameReader(root / "frames")
    reader.positions(slice(None))
    sound = np.flatnonzero(reader.level != "")
    stored = Counter(zip(reader.simulations(sound), reader.step[sound].tolist(), strict=True))
    assert max(stored.values()) == 1
    journal = Journal(root / "journal.db", read_only=True)
    done = [each for each in journal.simulations() if each.state == "done"]
    journal.close()
    expected = {
        (each.id, step)
        for each in done
        for step in range(EVERY[each.level], each.steps + 1, EVERY[each.level])
    }
    assert expected <= set(stored)
    assert sum(each.steps * 0.02 for each in done if each.level == "cg") == pytest.approx(cg_time)


def damage(root: Path) -> None:
    """Flip a bit in five stored frames, and in the journal."""
    shard = root / "frames" / "shard-000000.bin"
    size = json.loads((root / "frames" / "shards.json").read_text())["record_bytes"]
    content = bytearray(shard.read_bytes())
    for row in (3, 4, 5, 40, 90):
        content[row * size + 60] ^= 0x04
    shard.write_bytes(content)
    journal = root / "journal.db"
    data = journal.read_bytes()
    at = data.index(b"cg-000001")
    journal.write_bytes(data[:at] + b"cg-000777" + data[at + 9 :])


def test_journal_and_files_suffice_and_what_is_damaged_is_named_and_made_good(tmp_path):
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    root = tmp_path / "small"

    process = start("run", "campaign.toml", cwd=tmp_path)
    kill_when(process, root, lambda: has_stored(root, 80))
    wipe_redis(root)
    finish("run", root, cwd=tmp_path)
    assert_complete(root, 120.0)

    damage(root)
    extend = ("run", root, "--extend", "40 ps")
    process = start(*extend, cwd=tmp_path)
    log = tmp_path / "run.log"
    kill_when(process, root, lambda: "its trajectory had them" in log.read_text())
    told = log.read_text()
    assert "journal.db" in told
    assert "restored from" in told
    assert "shard-000000.bin: 5 damaged records" in told
    assert "not counted twice" in finish(*extend, cwd=tmp_path)
    assert_complete(root, 160.0)
    assert json.loads((root / "status.json").read_text())["missing"] == []
