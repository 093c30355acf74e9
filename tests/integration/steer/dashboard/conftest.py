"""A real campaign, `steer dashboard` beside it, and a real headless Chromium in front of it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement

EXAMPLE = Path(__file__).parents[4] / "examples" / "trp-cage" / "trpcage.pdb"

CAMPAIGN = """
[campaign]
name = "watched"
seed = 3

[molecule]
structure = "trpcage.pdb"

[allatom]
solvent = "implicit"

[coarse]
network = "none"
padding = "1.0 nm"
length = "16 ps"
segment = "8 ps"
frame_interval = "0.2 ps"

[latent]
dimensions = 2
min_frames = 100
drift = 100.0
growth = 100.0
epochs = 5

[seeding]
initial = 2
control_share = 0.5

[refinement]
length = "0.4 ps"
segment = "0.2 ps"
frame_interval = "0.2 ps"

[[collective]]
name = "ends"
kind = "distance"
beads = ["1:BB", "20:BB"]

[stop]
require = "all"
aggregate_time = "48 ps"
refinements = 1

[workers]
slots = 2
platform = "CPU"
"""


def wait_until(ready: Callable[[], Any], what: str, seconds: float = 240) -> Any:
    """What `ready` answers as soon as that is true; an element that is not there yet, or no more, is waited for."""
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(NoSuchElementException, StaleElementReferenceException):
            answer = ready()
            if answer:
                return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def start(*arguments: str | Path, cwd: Path, log: Path) -> subprocess.Popen[str]:
    """A `steer` command in the background, its stdout and stderr in a file."""
    with log.open("w") as file:
        command = [sys.executable, "-m", "steer", *map(str, arguments)]
        return subprocess.Popen(command, cwd=cwd, stdout=file, stderr=file, text=True)


@dataclass
class Watched:
    """A campaign, the process that runs it, and its dashboard's address."""

    root: Path
    process: subprocess.Popen[str]
    url: str
    token: str

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.root / "status.json").read_text())
        return told


def open_dashboard(root: Path, log: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """`steer dashboard` for a campaign directory, ready to answer."""
    process = start("dashboard", root, "--port", "0", "--json", *options, cwd=root, log=log)
    told = wait_until(
        lambda: next((x for x in log.read_text().splitlines() if x.startswith("{")), ""), "address"
    )
    return process, json.loads(told)


def end(process: subprocess.Popen[str]) -> int:
    """Ctrl-C, and the exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    return process.wait(60)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A campaign that has just begun, watched from the start."""
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "trpcage.pdb").write_bytes(EXAMPLE.read_bytes())
    (folder / "campaign.toml").write_text(CAMPAIGN)
    campaign = start("run", "campaign.toml", cwd=folder, log=folder / "run.log")
    root = folder / "watched"
    try:
        wait_until(lambda: (root / "journal.db").exists() or campaign.poll() is not None, "the campaign")
        assert campaign.poll() is None, (folder / "run.log").read_text()
        dashboard, told = open_dashboard(root, folder / "dashboard.log")
        try:
            yield Watched(root, campaign, told["url"], told["token"])
            assert end(dashboard) == 0
            assert "Traceback" not in (folder / "dashboard.log").read_text()
        finally:
            end(dashboard)
    finally:
        end(campaign)


def pixels(element: WebElement) -> np.ndarray:
    """What an element shows, shape (height, width, 3)."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB"), dtype=np.int64)


def colours(element: WebElement) -> int:
    """How many colours an element shows."""
    return len(np.unique(pixels(element).reshape(-1, 3), axis=0))
