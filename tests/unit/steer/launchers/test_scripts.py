"""Every printed script, read by bash, by shellcheck and by a stand-in for its batch system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from steer.launchers import LAUNCHERS, launcher

SCRIPTS = [name for name in LAUNCHERS if name != "kubernetes"]
JOB = {
    "slurm": {"SLURM_JOB_ID": "78", "SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "2"},
    "pbs": {"PBS_JOBID": "77[2].head.site"},
    "lsf": {"LSB_JOBID": "77", "LSB_JOBINDEX": "2"},
    "flux": {"FLUX_JOB_ID": "ƒ77", "FLUX_JOB_CC": "2"},
}
HOSTILE = [
    "plain",
    "with space",
    "$(touch pwned)",
    "`touch pwned`",
    "it's",
    '"; touch pwned; "',
    "#SBATCH -p x",
]


@pytest.fixture
def campaign(tmp_path):
    """A function that makes what a script looks for, under any name."""

    def campaign(name: str) -> Path:
        directory = tmp_path / "shared" / name
        (directory / "logs").mkdir(parents=True)
        (directory / "redis").mkdir()
        (directory / "campaign.toml").touch()
        return directory

    return campaign


@pytest.fixture
def steer(tmp_path):
    """A command that tells its arguments, its password and its process id."""
    path = tmp_path / "steer that tells"
    path.write_text('#!/bin/bash\nprintf "%s\\n" "$$" "${STEER_REDIS_PASSWORD:-}" "$@"\n')
    path.chmod(0o755)
    return path


def start(script: str, system: str, tmp_path: Path, **more: str) -> subprocess.Popen[str]:
    path = tmp_path / "script.sh"
    path.write_text(script)
    environment = {"PATH": os.environ["PATH"], **JOB[system], **more}
    command = ["bash", str(path), "work"] if system == "flux" else ["bash", str(path)]
    return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)


def told(directory: Path) -> list[str]:
    (log,) = directory.glob("logs/worker-*.log")
    return log.read_text().splitlines()


@pytest.mark.parametrize("system", SCRIPTS)
@pytest.mark.parametrize("gpus", [0, 2])
def test_linters_have_nothing_to_say(request_of, system, gpus) -> None:
    request = request_of(
        directory=Path('/shared/it\'s $(a) `b` \\ "c"'),
        url="redis://worker@head:6379/0",
        gpus=gpus,
        walltime=14_400.0,
    )
    script = launcher(system)(request)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    checked = subprocess.run(["shellcheck", "-"], input=script, text=True, capture_output=True, check=False)
    assert checked.stdout == ""


@pytest.mark.parametrize("system", SCRIPTS)
@pytest.mark.parametrize("name", HOSTILE)
def test_the_shell_becomes_the_worker_whatever_the_directory_is_called(
    request_of, campaign, steer, tmp_path, system, name
) -> None:
    directory = campaign(name)
    request = request_of(
        directory=directory, command=str(steer), walltime=14_400.0, slots_per_gpu=3, mps=True
    )
    process = start(launcher(system)(request), system, tmp_path)
    process.communicate(timeout=30)
    pid, _, *arguments = told(directory)
    assert process.returncode == 0
    assert int(pid) == process.pid, "a signal for the shell must reach the worker"
    arguments.remove("--mps")
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert arguments[0] == "worker"
    assert options["--directory"] == str(directory)
    assert options["--slots-per-gpu"] == "3"
    assert options["--walltime"] == "14340 s"
    assert re.fullmatch(rf"{system}-[A-Za-z0-9._-]{{1,50}}", options["--name"])
    assert "77" in options["--name"]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("system", SCRIPTS)
def test_another_installation_is_taken_when_it_is_named(
    request_of, campaign, steer, tmp_path, system
) -> None:
    directory = campaign("trp-cage")
    script = launcher(system)(request_of(directory=directory))
    process = start(script, system, tmp_path, STEER_COMMAND=str(steer))
    process.communicate(timeout=30)
    assert told(directory)[2] == "worker"


@pytest.mark.parametrize("system", SCRIPTS)
def test_a_directory_that_is_not_there_is_told_where_the_batch_system_keeps_output(
    request_of, tmp_path, system
) -> None:
    script = launcher(system)(request_of(directory=tmp_path / "nowhere"))
    path = tmp_path / "script.sh"
    path.write_text(script)
    command = ["bash", str(path), *(["work"] if system == "flux" else [])]
    environment = {"PATH": os.environ["PATH"], **JOB[system]}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert f"{tmp_path}/nowhere is not visible" in ended.stderr


@pytest.mark.parametrize("system", SCRIPTS)
def test_a_password_comes_from_its_file_and_the_environment_goes_first(
    request_of, campaign, steer, tmp_path, system
) -> None:
    directory = campaign("trp-cage")
    (directory / "redis" / "password").write_text('p$(a)"ss\n')
    script = launcher(system)(request_of(directory=directory, command=str(steer), url="redis://head:6379/0"))
    assert "p$(a)" not in script
    start(script, system, tmp_path).communicate(timeout=30)
    start(script, system, tmp_path, STEER_REDIS_PASSWORD="other").communicate(timeout=30)
    first, second = told(directory)[1], told(directory)[1 + len(told(directory)) // 2]
    assert (first, second) == ('p$(a)"ss', "other")
    assert told(directory)[3] == "redis://head:6379/0"


DIRECTIVES = {
    "slurm": (
        "#SBATCH --array=1-8",
        "#SBATCH --gres=gpu:2",
        "#SBATCH --time=4:00:00",
        "#SBATCH --signal=B:TERM@120",
    ),
    "pbs": (
        "#PBS -J 1-8",
        "#PBS -l select=1:ncpus=6:ngpus=2",
        "#PBS -l walltime=4:00:00",
        "#PBS -N steer-trp-cage",
    ),
    "lsf": (
        '#BSUB -J "steer-trp-cage[1-8]"',
        '#BSUB -gpu "num=2"',
        "#BSUB -W 4:00",
        "#BSUB -wt 2",
        "#BSUB -wa TERM",
    ),
}


@pytest.mark.parametrize("system", DIRECTIVES)
def test_directives_come_first_and_ask_for_what_was_asked(request_of, system) -> None:
    script = launcher(system)(request_of(workers=8, gpus=2, cpus=6, walltime=14_400.0))
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    assert set(DIRECTIVES[system]) <= set(lines)
    first_command = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    assert all(number < first_command for number, line in enumerate(lines) if line in DIRECTIVES[system])


@pytest.mark.parametrize("system", DIRECTIVES)
def test_no_gpu_and_no_limit_is_asked_for_without_need(request_of, system) -> None:
    directives = [
        line
        for line in launcher(system)(request_of(gpus=0)).splitlines()
        if line.startswith(("#SB", "#PBS", "#BS"))
    ]
    assert not [line for line in directives if "gpu" in line or "time" in line or " -W" in line]


def test_pbs_has_no_array_of_one(request_of) -> None:
    assert "#PBS -J" not in launcher("pbs")(request_of(workers=1))


def test_the_flux_script_submits_itself(request_of, campaign, steer, tmp_path) -> None:
    """A stand-in ``flux`` that runs what is submitted, as the job with the index 5."""
    directory = campaign("trp cage")
    tools = tmp_path / "bin"
    tools.mkdir()
    flux = tools / "flux"
    flux.write_text(
        f'#!/bin/bash\nprintf "%s\\n" "$@" >{tmp_path}/submitted\n'
        'while [ "$1" != bash ]; do shift; done\nFLUX_JOB_ID=ƒ9 FLUX_JOB_CC=5 exec "$@"\n'
    )
    flux.chmod(0o755)
    path = tmp_path / "my script.sh"
    request = request_of(
        directory=directory, command=str(steer), workers=8, gpus=2, cpus=6, walltime=14_400.0
    )
    path.write_text(launcher("flux")(request))
    environment = {"PATH": f"{tools}:{os.environ['PATH']}"}
    subprocess.run(["bash", str(path), "--queue=gpu"], env=environment, check=True, capture_output=True)
    submitted = (tmp_path / "submitted").read_text().splitlines()
    assert submitted[0] == "submit"
    assert {
        "--cc=1-8", "--gpus-per-task=2", "--cores-per-task=6", "--time-limit=14400s", "--signal=SIGTERM@120s", "--queue=gpu",
    } <= set(submitted)  # fmt: skip
    assert "worker" in told(directory)
    assert all(log.name.endswith("-5.log") for log in directory.glob("logs/*"))
