"""The campaign that is disturbed, and everything that keeps it going: what an operator or systemd would do, no more.

Three hosts on one machine, each with a clock of its own: the head (coordinator and Redis) and two workers of one slot,
which reach Redis through a proxy. A process that ended is started again a moment later, with the same command.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .clock import Clock
from .processes import alive, children, job_of, send
from .proxy import Proxy

__all__ = ["CAMPAIGN", "CHIGNOLIN", "GRACE", "LEASE", "NAME", "Host", "Stage"]

NAME = "chaos"
CHIGNOLIN = "GYDPETGTWG"
LEASE = 2.0
GRACE = 8.0
WORKERS = ("w1", "w2")
RESTART_AFTER = 0.5
TESTS = Path(__file__).parents[1]
DAEMON = Path(__file__).with_name("daemon.py")

CAMPAIGN = """\
[campaign]
name = "chaos"
seed = {seed}
[molecule]
sequence = "{sequence}"
[allatom]
solvent = "implicit"
[coarse]
network = "none"
padding = "1.0 nm"
length = "80 ps"
segment = "20 ps"
frame_interval = "2 ps"
[latent]
model = "pca"
dimensions = 2
min_frames = 80
growth = 2.5
drift = 50
[seeding]
initial = 3
control_share = 0.0
[refinement]
length = "2 ps"
segment = "1 ps"
frame_interval = "0.2 ps"
[stop]
require = "all"
aggregate_time = "{time} ps"
refinements = {refinements}
[workers]
slots = 0
platform = "CPU"
"""
"""A small protein from its sequence. Simulations of 40 CG or 10 AA frames, states every 10 or 5 frames."""


@dataclass
class Host:
    """A machine that runs a worker.

    Attributes
    ----------
    name : str
        Of the worker.
    clock : Clock
    options : dict
        For the next start.
    process : Popen or None
    down_since : float or None
        When its end was noticed.
    """

    name: str
    clock: Clock
    options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    down_since: float | None = None

    @property
    def pid(self) -> int:
        """Of the worker daemon; 0 when it does not run."""
        return self.process.pid if self.process and self.process.poll() is None else 0

    @property
    def jobs(self) -> list[int]:
        """Its job processes."""
        return children(self.pid) if self.pid else []


class Stage:
    """One campaign.

    Parameters
    ----------
    folder : Path
        Logs and campaign file.
    root : Path
        The campaign directory; need not exist.
    text : str
        The campaign file.
    shim : Path or None
        What makes clocks jump.
    """

    def __init__(self, folder: Path, root: Path, text: str, shim: Path | None) -> None:
        self.folder, self.root = folder, root
        self.log = (folder / "chaos.log").open("a", buffering=1)
        self._started = time.monotonic()
        (folder / "campaign.toml").write_text(text)
        self.port = _free_port()
        self.proxy = Proxy(self.port)
        self.head = Clock(folder / "head.clock", shim)
        self.hosts = [Host(name, Clock(folder / f"{name}.clock", shim)) for name in WORKERS]
        self.coordinator: subprocess.Popen[bytes] | None = None
        self._down_since: float | None = None
        self.finished = False
        self.deaths: list[str] = []

    # -- what runs ----------------------------------------------------------------------------------------------

    @property
    def redis_pid(self) -> int:
        """0 when there is none."""
        try:
            pid = int((self.root / "redis" / "redis.pid").read_text())
            return pid if b"redis" in Path(f"/proc/{pid}/cmdline").read_bytes() and alive(pid) else 0
        except (OSError, ValueError):
            return 0

    @property
    def coordinator_pid(self) -> int:
        """0 when there is none."""
        process = self.coordinator
        return process.pid if process and process.poll() is None else 0

    def running_jobs(self) -> dict[int, str]:
        """Job processes, each with the name of its job's folder."""
        return {pid: job_of(pid) for host in self.hosts for pid in host.jobs}

    # -- keeping it going ---------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Write to the trial's own log."""
        self.log.write(f"[{time.monotonic() - self._started:7.2f}] {text}\n")

    def keep(self) -> None:
        """Start what has ended; called all the time."""
        self._keep_coordinator()
        if (self.root / "redis" / "server.json").exists():
            for host in self.hosts:
                self._keep_worker(host)

    def _keep_coordinator(self) -> None:
        if self.finished or self.coordinator_pid:
            return
        if self.coordinator is not None and self._down_since is None:
            self._down_since, code = time.monotonic(), self.coordinator.returncode
            self.say(f"the coordinator ended with {code}")
            self.finished = code == 0
            if code not in (0, -signal.SIGKILL):
                self.deaths.append(f"coordinator: exit code {code}")
        if self.coordinator is None or (not self.finished and _over(self._down_since)):
            command = [sys.executable, "-m", "steer", "run", "campaign.toml", "--directory", str(self.root)]
            command += ["--slots", "0", "--listen", f"127.0.0.1:{self.port}"]
            self.coordinator = self._start(command, "coordinator.log", self.head)
            self._down_since = None
            self.say(f"coordinator started, pid {self.coordinator.pid}")

    def _keep_worker(self, host: Host) -> None:
        if host.pid or self._is_over():
            return
        if host.process is not None and host.down_since is None:
            host.down_since = time.monotonic()
            self.say(f"{host.name} ended with {host.process.returncode}")
            if host.process.returncode not in (0, -signal.SIGKILL, -signal.SIGTERM):
                self.deaths.append(f"{host.name}: exit code {host.process.returncode}")
        if host.process is None or _over(host.down_since):
            settings = {"directory": str(self.root), "campaign": NAME, "name": host.name, "slots": 1}
            settings |= {"lease": LEASE, "grace": GRACE, "heartbeat": 0.3, "stall": 60.0, **host.options}
            host.options = {}
            url = f"redis://worker@127.0.0.1:{self.proxy.port}/0"
            host.process = self._start(
                [sys.executable, str(DAEMON), url, json.dumps(settings)], f"{host.name}.log", host.clock
            )
            host.down_since = None
            self.say(f"{host.name} started, pid {host.pid}, {settings}")

    def _is_over(self) -> bool:
        """Whether the campaign has reached its goals, so that workers leave for good."""
        try:
            return bool(json.loads((self.root / "status.json").read_bytes())["phase"] == "finished")
        except (OSError, ValueError):
            return False

    def _start(self, command: list[str], log: str, clock: Clock) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **clock.environment, "OMP_NUM_THREADS": "1", "OPENMM_CPU_THREADS": "1"}
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Keep everything going until `condition`, or `timeout` seconds; returns whether it came to be."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.keep()
            time.sleep(0.05)
        return True

    def close(self) -> None:
        """End everything, at once."""
        for pid in (self.coordinator_pid, *(host.pid for host in self.hosts), *self.running_jobs()):
            if pid:
                send(pid, signal.SIGKILL)
        if pid := self.redis_pid:
            send(pid, signal.SIGKILL)
            while alive(pid):
                time.sleep(0.02)
        for process in (self.coordinator, *(host.process for host in self.hosts)):
            if process:
                process.wait()
        self.proxy.close()
        self.log.close()


def _over(since: float | None) -> bool:
    return since is not None and time.monotonic() - since > RESTART_AFTER


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
