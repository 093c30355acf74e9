"""A newcomer's first steps: steer doctor, steer init, steer validate."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from steer.config import load_config

ROOT = Path(__file__).parents[3]
TRP_CAGE = "NLYIQWLKDGGPSSGRPPPS"
STRUCTURE = ROOT / "examples" / "trp-cage" / "trpcage.pdb"


def steer(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from steer.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_this_machine_is_ready(tmp_path: Path) -> None:
    ended = steer("doctor", "--json", cwd=tmp_path)
    told = json.loads(ended.stdout)
    verdicts = {finding["name"]: finding["verdict"] for finding in told["findings"]}
    assert ended.returncode == 0, ended.stdout
    assert told["ready"] is True
    for name in (
        "Python",
        "packages",
        "OpenMM CPU",
        "OpenMM Reference",
        "torch",
        "Redis streams",
        "Redis persistence",
    ):
        assert verdicts[name] == "ok", name
    assert list(tmp_path.iterdir()) == []


def test_a_redis_that_is_not_there_makes_the_machine_not_ready(tmp_path: Path) -> None:
    ended = steer("doctor", "--redis", "redis://127.0.0.1:1", cwd=tmp_path)
    assert ended.returncode == 3
    assert "fail  Redis  " in ended.stdout
    assert ended.stdout.splitlines()[-1] == "Not ready: Redis."


@pytest.mark.parametrize("source", [[], ["--from", str(STRUCTURE)]], ids=["example", "file"])
def test_what_init_writes_validates(tmp_path: Path, source: list[str]) -> None:
    written = steer("init", *source, cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.toml"]
    assert load_config(tmp_path / "campaign.toml").stop.refinements == 20
    ended = steer("validate", "campaign.toml", "--json", cwd=tmp_path)
    plan = json.loads(ended.stdout)
    assert (plan["sequence"], plan["residues"], plan["chains"], plan["atoms"]) == (TRP_CAGE, 20, 1, 304)
    assert plan["disulfides"] == 0
    assert plan["beads"] < plan["cg_particles"] < plan["aa_particles"]
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.toml"]


def test_init_keeps_what_is_there_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").write_text("mine")
    ended = steer("init", "--from", str(STRUCTURE), cwd=tmp_path)
    assert ended.returncode == 2
    assert "--force" in ended.stderr
    assert (tmp_path / "campaign.toml").read_text() == "mine"
    assert steer("init", "--from", str(STRUCTURE), "--force", cwd=tmp_path).returncode == 0
    assert load_config(tmp_path / "campaign.toml").molecule.structure == STRUCTURE


def test_a_bad_molecule_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for source, told in [("no.pdb", "neither a file"), ("NLYJ", "J")]:
        ended = steer("init", "--from", source, cwd=tmp_path)
        assert ended.returncode == 2
        assert ended.stderr.startswith("Error: ")
        assert told in ended.stderr
        assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []
