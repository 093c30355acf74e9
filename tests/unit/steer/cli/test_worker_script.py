from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from steer.campaign import CampaignDirectory
from steer.cli import main
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.credentials import Credentials


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    config = CampaignConfig(
        campaign=Campaign(name="trp"), molecule=Molecule(sequence="NLYIQW"), stop=Stop(refinements=1)
    )
    return CampaignDirectory.create(tmp_path / "my campaign", config).root


def steer(capsys, *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_the_script_alone_goes_to_stdout(capsys, directory) -> None:
    code, out, err = steer(
        capsys, "worker", "--print", "slurm", "--directory", directory, "--workers", 8, "--walltime", "4 h"
    )
    assert code == 0
    assert out.startswith("#!/bin/bash\n#SBATCH --job-name=steer-trp\n")
    assert "#SBATCH --array=1-8" in out
    assert f'directory="{directory}"' in out
    assert f"steer={Path(sys.executable).with_name('steer')}\n" in out
    assert err == ""


def test_a_password_in_the_url_is_left_out_and_said(capsys, directory, monkeypatch) -> None:
    monkeypatch.setenv("STEER_REDIS_PASSWORD", "hush")
    for system in ("slurm", "kubernetes"):
        code, out, err = steer(
            capsys, "worker", "redis://worker:hush@head:6379/0", "--print", system, "--directory", directory
        )
        assert code == 0
        assert "redis://worker@head:6379/0" in out
        assert "hush" not in out + err
        assert "the password is left out" in err


def test_a_server_that_other_machines_cannot_reach_is_said(capsys, directory) -> None:
    (directory / "redis").mkdir()
    Credentials.new("trp", directory / "redis.sock", "", 0).write(directory / "redis")
    _, out, err = steer(capsys, "worker", "--print", "pbs", "--directory", directory)
    assert out.startswith("#!/bin/bash\n#PBS")
    assert "--listen HOST" in err
    secrets = json.loads((directory / "redis" / "server.json").read_text())
    assert secrets["worker_password"] not in out + err
    assert secrets["password"] not in out + err


@pytest.mark.parametrize("system", ["slurm", "kubernetes"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_url_that_leads_every_node_to_itself_is_said(capsys, directory, system, host) -> None:
    url = f"redis://worker@{host}:6379/0"
    code, out, err = steer(capsys, "worker", url, "--print", system, "--directory", directory)
    assert code == 0
    assert out
    assert "which is their own machine" in err


def test_a_campaign_that_listens_to_its_own_machine_is_said(capsys, directory) -> None:
    (directory / "redis").mkdir()
    for host, said in (("127.0.0.1", True), ("head-node", False)):
        Credentials.new("trp", directory / "redis.sock", host, 6379).write(directory / "redis")
        _, out, err = steer(capsys, "worker", "--print", "lsf", "--directory", directory)
        assert out.startswith("#!/bin/bash\n#BSUB")
        assert ("which is their own machine" in err) == said


def test_kubernetes_needs_a_name_only(capsys) -> None:
    code, out, _ = steer(
        capsys,
        "worker",
        "--print",
        "kubernetes",
        "--campaign",
        "trp",
        "--kinds",
        "cg",
        "--image",
        "site/steer:1",
    )
    deployment, scaled = yaml.safe_load_all(out)
    assert code == 0
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "site/steer:1"
    assert [trigger["name"] for trigger in scaled["spec"]["triggers"]] == ["cg"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--print", "slurm"], "--directory"),
        (["--print", "kubernetes"], "--campaign"),
        (["--print", "slurm", "--directory", "nowhere"], "no such campaign directory"),
        (["--print", "slurm", "--gpus", "0"], "--gpus-per-worker"),
        (["--print", "slurm", "--name", "me"], "named after their batch jobs"),
        (["--print", "slurm", "--kinds", "cg,coffee"], "kinds of job are"),
        (["--print", "slurm", "--walltime", "4"], "unit"),
        (["--print", "slurm", "--walltime", "4:00:00"], "write for example '4 h'"),
        (["--print", "condor"], "'slurm', 'pbs', 'lsf', 'flux', 'kubernetes'"),
        (["--workers", "2"], "goes with --print"),
        (["--image", "steer:1"], "goes with --print"),
    ],
)
def test_what_cannot_be_printed_is_explained(capsys, arguments, problem) -> None:
    code, out, err = steer(capsys, "worker", *arguments)
    assert (code, out) == (2, "")
    assert problem in err


def test_a_campaign_of_another_name_is_refused(capsys, directory) -> None:
    code, _, err = steer(
        capsys, "worker", "--print", "slurm", "--directory", directory, "--campaign", "villin"
    )
    assert code == 2
    assert "belongs to the campaign 'trp'" in err
