"""CUDA's Multi-Process Service (MPS), by which the jobs that share a GPU calculate at the same time and not in turns.

One control daemon runs for each shared GPU (or MIG device), as a child of the worker, with pipes and logs in a folder
of its own. Daemon and jobs name the GPU by its UUID: an index would mean one device to the daemon and another to a
job, because the daemon numbers anew what it sees (NVIDIA, Multi-Process Service, "CUDA_VISIBLE_DEVICES").
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from steer.connection import PASSWORD_VARIABLE
from steer.exceptions import ConfigError, EnvironmentNotReady
from steer.jobs.lifeline import Guard, kill_group
from steer.slots import Slot

__all__ = ["CONTROL", "SharedGpus"]

log = logging.getLogger(__name__)

CONTROL = "nvidia-cuda-mps-control"
"""NVIDIA's program, which comes with the driver: the daemon, and the way to give it orders."""

START = 20.0
"""s in which a daemon must answer."""

STOP = 10.0
"""s in which it must end."""

OVERSUBSCRIPTION = 200
"""Per cent of a GPU's threads that its jobs may use together. Each gets an equal part of it: NVIDIA measured the most
for OpenMM when the parts add up to twice the GPU ("Maximizing OpenMM Molecular Dynamics Throughput with NVIDIA
Multi-Process Service", NVIDIA Technical Blog, 2025)."""


class SharedGpus:
    """The MPS daemons of a worker, and its slots as they must be to use them.

    Parameters
    ----------
    slots : sequence of Slot
        As `steer.slots.make_slots` gives them.
    guard : Guard
        Ends the daemons should the worker be killed.

    Attributes
    ----------
    slots : tuple of Slot
        Those given, confined to their GPU and its daemon.

    Raises
    ------
    ConfigError
        When no GPU is shared.
    EnvironmentNotReady
        On entering, when MPS is not installed or does not start.
    """

    def __init__(self, slots: Sequence[Slot], guard: Guard) -> None:
        self.slots = tuple(slots)
        self._guard = guard
        self._stack = ExitStack()
        self._shares = Counter(slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots)
        if "" in self._shares:
            raise ConfigError("--mps is for NVIDIA GPUs, and this worker has none; leave it out.")
        if max(self._shares.values()) < 2:
            raise ConfigError(
                "--mps lets jobs share a GPU, and here each has one alone; give --slots-per-gpu 2 or more."
            )

    def __enter__(self) -> Self:
        control = shutil.which(CONTROL)
        if control is None:
            raise EnvironmentNotReady(
                f"--mps needs {CONTROL}, which comes with NVIDIA's driver and is not on PATH here; leave --mps out, and "
                "the jobs take turns on their GPU."
            )
        with ExitStack() as stack:
            uuids = _uuids()
            environments = {}
            for gpu, share in self._shares.items():
                daemon = _Daemon(control, uuids.get(gpu, gpu), self._guard)
                environments[gpu] = {**stack.enter_context(daemon).environment, **_thread_share(share)}
            self.slots = tuple(_shared(slot, environments) for slot in self.slots)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class _Daemon:
    """The control daemon of one GPU.

    Parameters
    ----------
    control : str
        The program.
    gpu : str
        UUID of the GPU.
    guard : Guard
    """

    def __init__(self, control: str, gpu: str, guard: Guard) -> None:
        self._control, self._gpu, self._guard = control, gpu, guard

    def __enter__(self) -> Self:
        # Short, because sockets lie in it, and local, because other machines would meet on a shared one.
        self._folder = Path(tempfile.mkdtemp(prefix="steer-mps-"))
        pipes, logs = self._folder / "pipe", self._folder / "log"
        pipes.mkdir()
        logs.mkdir()
        self.environment = {
            "CUDA_VISIBLE_DEVICES": self._gpu,
            "CUDA_MPS_PIPE_DIRECTORY": str(pipes),
            "CUDA_MPS_LOG_DIRECTORY": str(logs),
        }
        self._process = self._start(logs)
        self._guard.watch(self._process.pid)
        try:
            self._wait_until_it_answers(logs)
        except BaseException:
            self._end()
            raise
        log.info("jobs on GPU %s share it through MPS", self._gpu)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask("quit")
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            log.warning("the MPS daemon of GPU %s did not quit within %g s and is killed", self._gpu, STOP)
        self._end()

    def _start(self, logs: Path) -> subprocess.Popen[bytes]:
        """In the foreground, and in a group of its own with the servers that it starts."""
        with (logs / "output").open("wb") as output:
            return subprocess.Popen(
                [self._control, "-f"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._whole_environment(),
                start_new_session=True,
            )

    def _wait_until_it_answers(self, logs: Path) -> None:
        deadline = time.monotonic() + START
        while not self._ask("get_server_list"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise EnvironmentNotReady(
                    f"MPS does not start on GPU {self._gpu}: {_last_line(logs) or 'it says nothing'}. Leave --mps out, "
                    "and the jobs take turns."
                )
            time.sleep(0.05)

    def _ask(self, order: str) -> bool:
        try:
            answer = subprocess.run(
                [self._control],
                input=f"{order}\n".encode(),
                capture_output=True,
                env=self._whole_environment(),
                timeout=STOP,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return answer.returncode == 0

    def _end(self) -> None:
        kill_group(self._process.pid)
        self._process.wait()
        self._guard.forget(self._process.pid)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _whole_environment(self) -> dict[str, str]:
        environment = {**os.environ, **self.environment}
        environment.pop(PASSWORD_VARIABLE, None)
        return environment


def _uuids() -> dict[str, str]:
    """Index to UUID of the GPUs that ``nvidia-smi`` sees."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return {}
    answer = subprocess.run(
        [tool, "--query-gpu=index,uuid", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    pairs = [line.split(",") for line in answer.stdout.splitlines() if line.count(",") == 1]
    return {index.strip(): uuid.strip() for index, uuid in pairs}


def _thread_share(jobs: int) -> dict[str, str]:
    return {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": str(min(100, OVERSUBSCRIPTION // jobs))}


def _shared(slot: Slot, environments: Mapping[str, Mapping[str, str]]) -> Slot:
    more = environments[slot.environment["CUDA_VISIBLE_DEVICES"]]
    return replace(slot, environment={**slot.environment, **more})


def _last_line(logs: Path) -> str:
    lines = [line for name in ("output", "control.log") for line in _lines(logs / name)]
    return lines[-1].strip().rstrip(".") if lines else ""


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []
