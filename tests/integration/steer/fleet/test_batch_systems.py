"""What a user of a batch system does: print a script, submit it, and let the limit come.

The systems are stand-ins (`batch_stand_ins`) that obey the directives; script, workers and Redis are real.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import batch_stand_ins
import pytest
from conformance.fleet import cg_job, collect

from .conftest import TESTS, wait_for

STEER = f"""\
#!{sys.executable}
import sys
sys.path.insert(0, {str(TESTS)!r})
from steer.jobs import registry
registry.RUNNERS.update(dict.fromkeys(registry.RUNNERS, "fleet_stand_ins.jobs:run"))
from steer.cli import main
main()
"""


@pytest.fixture
def user(server, directory, tmp_path):
    """Somebody whose PATH has a batch system, and whose installation's jobs count instead of simulating."""
    tools = tmp_path / "bin"
    tools.mkdir()
    batch_stand_ins.install(tools)
    (tools / "steer").write_text(STEER)
    (tools / "steer").chmod(0o755)
    secret = directory.root / "redis"
    secret.mkdir()
    (secret / "password").touch(mode=0o600)
    (secret / "password").write_text(server.worker_connection.password)
    (tmp_path / "batch").mkdir()
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
        "STEER_COMMAND": str(tools / "steer"),
        "BATCH_STATE": str(tmp_path / "batch"),
    }


@pytest.fixture
def print_script(user, server, directory, tmp_path):
    """A function that prints a system's script into a file, as users do."""

    def print_script(system: str, *options: str) -> Path:
        command = ["steer", "worker", server.worker_connection.shown, "--directory", str(directory.root)]
        script = tmp_path / "workers.sh"
        with script.open("w") as out:
            subprocess.run(
                [*command, "--print", system, "--gpus-per-worker", "0", "--cpus-per-worker", "1", *options],
                env=user,
                stdout=out,
                check=True,
            )
        assert server.worker_connection.password not in script.read_text()
        return script

    return print_script


def log_of(directory: Path) -> str:
    return "\n".join(log.read_text() for log in (directory / "logs").glob("worker-*.log"))


@pytest.mark.parametrize("system", list(batch_stand_ins.SUBMIT))
def test_submitted_workers_come_and_hand_their_jobs_back_before_the_limit(
    fleet, print_script, user, folder, directory, tmp_path, system
):
    script = print_script(system, "--workers", "2", "--walltime", "10 min")

    submitted = subprocess.run(
        ["bash", "-c", batch_stand_ins.SUBMIT[system].format(script)],
        env=user,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "77" in submitted.stdout
    for number in (1, 2):
        fleet.submit(cg_job(number, steps=100_000))
    wait_for(lambda: min(folder(1).step(), folder(2).step()) >= 5, "the jobs did not start")
    names = sorted(worker.name for worker in fleet.workers())
    assert len(names) == 2
    assert all(name.startswith(f"{system}-") and "77" in name for name in names)

    (tmp_path / "batch" / "limit").touch()

    end = wait_for((tmp_path / "batch" / "end").exists) and json.loads(
        (tmp_path / "batch" / "end").read_text()
    )
    assert end == {"seconds": 600, "statuses": [0, 0]}, log_of(directory.root)
    assert [event.status for event in collect(fleet, 2)] == ["returned"] * 2
    for number in (1, 2):
        assert folder(number).step() == int(folder(number).notes()[-1].removeprefix("stopped at "))
    assert fleet.workers() == []
    assert fleet.known() == {"cg:cg-000001", "cg:cg-000002"}


def test_a_requeued_batch_job_goes_on_where_the_killed_one_was(
    fleet, print_script, user, folder, directory, tmp_path
):
    """A node that dies, and ``--requeue``: the same script under the same job number."""
    script = print_script("slurm")
    variables = {"SLURM_JOB_ID": "78", "SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "2"}

    def run():
        return subprocess.Popen(["bash", str(script)], env={**user, **variables}, start_new_session=True)

    first = run()
    fleet.submit(cg_job(1, steps=150))
    wait_for(lambda: folder(1).step() >= 5, "the job did not start")
    first.kill()
    first.wait()
    reached = folder(1).step()

    second = run()

    (event,) = collect(fleet, 1)
    assert (event.status, event.result.steps) == ("done", 150), log_of(directory.root)
    assert len(folder(1).pids()) == 2
    assert reached < 150
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
