"""Printed scripts, run as their batch systems run them: with their variables, and with the signal before the limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.fleet import cg_job, collect

from steer.launchers import Request, launcher

from .conftest import TESTS, wait_for

JOB = {
    "slurm": {"SLURM_JOB_ID": "78", "SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "2"},
    "pbs": {"PBS_JOBID": "77[2].head.site"},
    "lsf": {"LSB_JOBID": "77", "LSB_JOBINDEX": "2"},
    "flux": {"FLUX_JOB_ID": "ƒ77", "FLUX_JOB_CC": "2"},
}
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
def batch_job(server, directory, tmp_path):
    """A function that starts what ``steer worker --print`` prints, as a batch system would; ``sbatch``'s stand-in.

    The installation named by STEER_COMMAND is ours, but that its jobs count instead of simulating.
    """
    started = []
    steer = tmp_path / "steer"
    steer.write_text(STEER)
    steer.chmod(0o755)
    secret = directory.root / "redis"
    secret.mkdir()
    (secret / "password").touch(mode=0o600)
    (secret / "password").write_text(server.worker_connection.password)

    def batch_job(system: str) -> subprocess.Popen[bytes]:
        request = Request(
            campaign="trp",
            directory=directory.root,
            command="/nowhere/steer",
            url=server.worker_connection.shown,
            gpus=0,
            cpus=1,
            walltime=3600.0,
        )
        script = tmp_path / "script.sh"
        script.write_text(launcher(system)(request))
        assert server.worker_connection.password not in script.read_text()
        process = subprocess.Popen(
            ["bash", str(script), *(["work"] if system == "flux" else [])],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(TESTS),
                "STEER_COMMAND": str(steer),
                **JOB[system],
            },
            cwd=tmp_path,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield batch_job
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def log_of(directory: Path) -> str:
    return "\n".join(log.read_text() for log in (directory / "logs").glob("worker-*.log"))


@pytest.mark.parametrize("system", list(JOB))
def test_the_signal_before_the_limit_hands_the_job_back(fleet, batch_job, folder, directory, system):
    """SIGTERM for the first process only, as ``--signal=B:TERM`` sends it."""
    process = batch_job(system)
    fleet.submit(cg_job(1, steps=100_000))
    wait_for(lambda: folder(1).step() >= 5, "the job did not start")
    (worker,) = fleet.workers()
    assert worker.pid == process.pid
    assert worker.name.startswith(f"{system}-")
    assert "77" in worker.name

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0, log_of(directory.root)
    (event,) = collect(fleet, 1)
    assert event.status == "returned"
    assert folder(1).step() == int(folder(1).notes()[-1].removeprefix("stopped at "))
    assert fleet.workers() == []


def test_a_requeued_batch_job_goes_on_where_the_killed_one_was(fleet, batch_job, folder, directory):
    """A node that dies, and ``--requeue``: the same script under the same job number."""
    first = batch_job("slurm")
    fleet.submit(cg_job(1, steps=150))
    wait_for(lambda: folder(1).step() >= 5, "the job did not start")
    first.kill()
    first.wait()
    reached = folder(1).step()

    second = batch_job("slurm")

    (event,) = collect(fleet, 1)
    assert (event.status, event.result.steps) == ("done", 150), log_of(directory.root)
    assert len(folder(1).pids()) == 2
    assert reached < 150
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
