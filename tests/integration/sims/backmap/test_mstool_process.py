"""mstool's process: ends with whoever asked for it, and leaves its log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sims.backmap.mstool import Mstool
from sims.exceptions import BackmapError

Molecules = Callable[[str], Any]

_PARENT = """
import json, sys
from pathlib import Path
from typing import Any
from sims.backmap.mstool import Mstool
from sims.backmap.protocol import BackmapRequest
from sims.mapping import BeadMapping
from sims.structure import Structure
folder = Path(sys.argv[1])
structure, mapping = Structure.read(folder / "structure.pdb"), BeadMapping.load(folder / "mapping.npz")
Mstool().backmap(BackmapRequest(mapping.apply(structure.positions), structure, mapping, 1))
"""


def test_the_child_dies_with_its_parent(molecule: Molecules, tmp_path: Path) -> None:
    trpcage = molecule("trpcage")
    trpcage.structure.write(tmp_path / "structure.pdb")
    trpcage.mapping.save(tmp_path / "mapping.npz")
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)])
    try:
        child = _wait_for_child(parent)
        time.sleep(3.0)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 30
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_running(child)


def test_the_child_ends_at_once_when_its_parent_is_gone_already(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sims.backmap.mstool_child", "none.json", "none.json", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "is gone" in done.stderr


def test_a_failure_is_one_sentence_and_its_log_is_kept(molecule: Molecules, tmp_path: Path) -> None:
    request = molecule("trpcage").request(noise=0.0, seed=1)
    same_place = type(request)(np.zeros_like(request.beads), request.structure, request.mapping, 1)
    with pytest.raises(BackmapError, match="mstool backmapper failed"):
        Mstool(tmp_path).backmap(same_place)
    assert (tmp_path / "mstool-1.log").stat().st_size > 0


def _wait_for_child(parent: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and parent.poll() is None:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("no child process appeared")


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
