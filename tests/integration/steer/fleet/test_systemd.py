"""The systemd unit, followed by a stand-in that does what the unit says: start, look at the exit status, start again."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.fleet import cg_job, collect

from .conftest import TESTS, wait_for

UNIT = TESTS.parent / "deploy" / "systemd" / "steer-worker@.service"
STEER = f"""\
#!{sys.executable}
from steer.jobs import registry
registry.RUNNERS.update(dict.fromkeys(registry.RUNNERS, "fleet_stand_ins.jobs:run"))
from steer.cli import main
main()
"""


class Unit:
    """A service with ``Restart=on-failure``."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(UNIT)
        self.service, self.environment, self.log = parser["Service"], environment, log
        self.start()

    def start(self) -> None:
        words = shlex.split(self.service["ExecStart"])
        command = [re.sub(r"\$\{(\w+)\}", lambda found: self.environment[found[1]], word) for word in words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def follow(self) -> bool:
        """Wait for the end; whether the service was started again."""
        status = self.process.wait(60)
        fine = {0, *map(int, self.service["SuccessExitStatus"].split())}
        final = {int(each) for each in self.service["RestartPreventExitStatus"].split()}
        if self.service["Restart"] == "on-failure" and status not in fine | final:
            self.start()
            return True
        return False


@pytest.fixture
def unit(server, directory, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "steer").write_text(STEER)
    (tools / "steer").chmod(0o755)
    (directory.root / "redis").mkdir()
    shutil.copy(server.directory / "server.json", directory.root / "redis")
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(TESTS),
        "CUDA_VISIBLE_DEVICES": "",
        "STEER_DIRECTORY": str(directory.root),
    }
    unit = Unit(environment, tmp_path / "unit.log")
    yield unit
    if unit.process.poll() is None:
        unit.process.kill()
        unit.process.wait()


def test_a_killed_worker_comes_back_and_its_job_goes_on(fleet, unit, folder):
    fleet.submit(cg_job(1, steps=150))
    wait_for(lambda: folder(1).step() >= 5, "the job did not start")
    unit.process.kill()

    assert unit.follow()

    (event,) = collect(fleet, 1)
    assert (event.status, event.result.steps) == ("done", 150), unit.log.read_text()
    assert len(folder(1).pids()) == 2


def test_a_stopped_worker_and_one_whose_campaign_is_over_stay_away(fleet, unit):
    wait_for(fleet.workers, "no worker came")
    unit.process.send_signal(signal.SIGTERM)
    assert not unit.follow()
    unit.start()
    wait_for(fleet.workers, "no worker came")
    fleet.finish()
    assert not unit.follow()
