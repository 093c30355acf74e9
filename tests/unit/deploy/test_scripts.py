import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = ("bash", "uname", "df", "awk", "dirname", "id", "cat", "tee", "tail")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone with its scripts only, and a PATH that holds the basic tools only."""
    clone, tools = tmp_path / "clone", tmp_path / "bin"
    shutil.copytree(ROOT / "deploy", clone / "deploy")
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    return clone


def tool(clone: Path, name: str, script: str) -> None:
    path = clone.parent / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!{clone.parent}/bin/bash\n{script}\n")
    path.chmod(0o755)


def run(clone: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone.parent / "bin"), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        ["bash", f"deploy/{script}.sh"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("script", ["quickstart", "test"])
def test_a_missing_python_is_named_with_what_to_do(bare: Path, script: str) -> None:
    ended = run(bare, script)
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert "Python 3.11 or 3.12 is needed" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (bare / ".venv").exists()


def test_an_old_python_is_not_taken(bare: Path) -> None:
    tool(bare, "python3", "exit 1")
    assert "Python 3.11 or 3.12 is needed" in run(bare, "quickstart").stderr


def test_a_missing_compiler_is_named(bare: Path) -> None:
    tool(bare, "python3", "exit 0")
    ended = run(bare, "quickstart")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1)
    assert "a C compiler is needed, because mstool comes as source only" in ended.stderr


def test_missing_headers_are_named(bare: Path) -> None:
    tool(bare, "python3", "echo /nowhere")
    tool(bare, "gcc", "exit 0")
    assert "/nowhere/Python.h is missing" in run(bare, "quickstart").stderr


def test_too_little_space_is_named(bare: Path) -> None:
    include = bare.parent / "include"
    include.mkdir()
    (include / "Python.h").touch()
    tool(bare, "python3", f"echo {include}")
    tool(bare, "gcc", "exit 0")
    tool(bare, "df", "echo header; echo '/dev/x 100 90 102400 90% /'")
    assert (
        "about 4 GB of disk space are needed here and only 100 MB are free" in run(bare, "quickstart").stderr
    )


@pytest.mark.parametrize(("answer", "told"), [("Darwin", "this is Darwin"), ("sparc", "sparc")])
def test_another_system_is_named(bare: Path, answer: str, told: str) -> None:
    other = "Linux" if answer == "sparc" else answer
    tool(bare, "uname", f"case $1 in -s) echo {other};; *) echo {answer};; esac")
    assert told in run(bare, "quickstart").stderr


def test_an_installation_that_fails_ends_with_its_log(bare: Path) -> None:
    venv = bare / ".venv" / "bin"
    venv.mkdir(parents=True)
    tool(bare, "pip-that-fails", 'case "$*" in *install*) echo "no network"; exit 1;; esac')
    (venv / "python").symlink_to(bare.parent / "bin" / "pip-that-fails")
    ended = run(bare, "quickstart")
    assert ended.returncode == 3
    assert "no network" in ended.stderr
    assert "the installation failed" in ended.stderr
