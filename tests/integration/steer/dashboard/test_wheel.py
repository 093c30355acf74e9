"""The dashboard out of a wheel, as users install it: page, scripts and viewer are in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[4]


def test_an_installed_wheel_has_everything_that_the_page_asks_for(tmp_path: Path) -> None:
    source = tmp_path / "source"
    # Building writes beside its sources, so a copy is built.
    for package in ("steer", "sims", "models"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        source,
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("steer-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    static = Path("steer", "dashboard", "static")
    expected = {path.relative_to(ROOT) for path in (ROOT / static).rglob("*") if path.is_file()}
    shipped = {path.relative_to(installed) for path in (installed / static).rglob("*") if path.is_file()}
    assert shipped == expected
    assert static / "vendor" / "LICENSES.txt" in shipped
    # From the unpacked wheel, not from the checkout: the application finds its page there.
    code = "from steer.dashboard.app import STATIC; print(STATIC, (STATIC / 'index.html').is_file())"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=installed, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [str(installed / static), "True"]
