"""Sharing GPUs through MPS. There is no GPU here: a stand-in for NVIDIA's control program notes what it is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steer.exceptions import ConfigError, EnvironmentNotReady
from steer.mps import CONTROL, SharedGpus
from steer.slots import make_slots

CONTROL_STAND_IN = """\
#!/bin/sh
note() { printf '%s|%s|%s|%s\\n' "$1" "$CUDA_VISIBLE_DEVICES" "$CUDA_MPS_PIPE_DIRECTORY" "${STEER_REDIS_PASSWORD-none}" >>"$NOTES"; }
if [ "${1:-}" = -f ]; then
    note start
    [ -z "${REFUSES:-}" ] || { echo "Cannot start: $REFUSES."; exit 1; }
    : >"$CUDA_MPS_PIPE_DIRECTORY/control"
    while [ ! -e "$CUDA_MPS_PIPE_DIRECTORY/quit" ]; do sleep 0.02; done
    exit 0
fi
[ -e "$CUDA_MPS_PIPE_DIRECTORY/control" ] || exit 1
read -r order
note "$order"
[ "$order" != quit ] || [ -n "${DEAF:-}" ] || : >"$CUDA_MPS_PIPE_DIRECTORY/quit"
"""
NVIDIA_SMI = """\
#!/bin/sh
printf '0, GPU-aaaa\\n1, GPU-bbbb\\n'
"""


class Guard:
    """Notes which process groups it watches."""

    def __init__(self) -> None:
        self.watched: set[int] = set()

    def watch(self, group: int) -> None:
        self.watched.add(group)

    def forget(self, group: int) -> None:
        self.watched.remove(group)


@pytest.fixture
def notes(tmp_path, monkeypatch) -> Path:
    """The file in which the control program notes its orders: order, GPU, pipe directory, password."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in ((CONTROL, CONTROL_STAND_IN), ("nvidia-smi", NVIDIA_SMI)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("STEER_REDIS_PASSWORD", "hush")
    return tmp_path / "notes"


def orders(notes: Path) -> list[list[str]]:
    return [line.split("|") for line in notes.read_text().splitlines()]


def test_each_shared_gpu_has_a_daemon_of_its_own_and_its_jobs_meet_there(notes):
    slots = make_slots(gpus=["0", "MIG-1234"], per_gpu=2, cores=8)
    guard = Guard()
    with SharedGpus(slots, guard) as shared:
        environments = [slot.environment for slot in shared.slots]
        assert [e["CUDA_VISIBLE_DEVICES"] for e in environments] == ["GPU-aaaa", "MIG-1234"] * 2
        pipes = [e["CUDA_MPS_PIPE_DIRECTORY"] for e in environments]
        assert pipes[:2] == pipes[2:]
        assert pipes[0] != pipes[1]
        assert {e["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] for e in environments} == {"100"}
        assert {e["OMP_NUM_THREADS"] for e in environments} == {"2"}
        assert [slot.device for slot in shared.slots] == [slot.device for slot in slots]
        assert len(guard.watched) == 2
        assert all(Path(pipe).stat().st_mode & 0o777 == 0o755 for pipe in pipes)
        assert all(Path(pipe).parent.stat().st_mode & 0o077 == 0 for pipe in pipes)
    assert guard.watched == set()
    assert not any(Path(pipe).parent.exists() for pipe in pipes)
    told = orders(notes)
    assert [(order, gpu) for order, gpu, *_ in told if order != "get_server_list"] == [
        ("start", "GPU-aaaa"),
        ("start", "MIG-1234"),
        ("quit", "MIG-1234"),
        ("quit", "GPU-aaaa"),
    ]
    assert {password for *_, password in told} == {"none"}


def test_the_jobs_of_a_gpu_get_equal_parts_of_twice_its_threads(notes):
    with SharedGpus(make_slots(gpus=["0"], per_gpu=5, cores=8), Guard()) as shared:
        assert {slot.environment["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] for slot in shared.slots} == {"40"}


def test_without_the_driver_s_program_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        EnvironmentNotReady, match="needs nvidia-cuda-mps-control, which comes with NVIDIA's driver"
    ):
        SharedGpus(make_slots(gpus=["GPU-1"], per_gpu=2, cores=1), Guard()).__enter__()


def test_a_daemon_that_does_not_start_is_told_in_its_own_words_and_nothing_is_left(notes, monkeypatch):
    monkeypatch.setenv("REFUSES", "device is in exclusive mode")
    guard = Guard()
    with pytest.raises(
        EnvironmentNotReady, match="on GPU GPU-aaaa: Cannot start: device is in exclusive mode"
    ):
        SharedGpus(make_slots(gpus=["0"], per_gpu=2, cores=1), guard).__enter__()
    assert guard.watched == set()
    ((_, _, pipe, _),) = orders(notes)
    assert not Path(pipe).parent.exists()


def test_a_daemon_that_does_not_quit_is_killed(notes, monkeypatch):
    monkeypatch.setenv("DEAF", "yes")
    monkeypatch.setattr("steer.mps.STOP", 0.3)
    guard = Guard()
    with SharedGpus(make_slots(gpus=["0"], per_gpu=2, cores=1), guard):
        (daemon,) = guard.watched
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"gpus": [], "slots": 2}, "this worker has none"),
        ({"gpus": ["0", "1"]}, "give --slots-per-gpu 2 or more"),
    ],
)
def test_where_nothing_is_shared_mps_is_refused(options, complaint, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(ConfigError, match=complaint):
        SharedGpus(make_slots(cores=2, **options), Guard())
