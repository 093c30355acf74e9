"""A worker daemon with a driver's program on PATH tells the coordinator, through Redis, how busy its GPUs are."""

from __future__ import annotations

import os

from steer.messages import GpuLoad

from .conftest import wait_for

DRIVER = """#!/bin/sh
case "$1" in
  *utilization*) echo "0, GPU-5f1f2a66, NVIDIA H200, 87, 4213, 143771" ;;
  *) echo 0 ;;
esac
"""


def test_the_coordinator_hears_how_busy_the_gpus_of_a_worker_are(fleet, start_worker, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nvidia-smi").write_text(DRIVER)
    (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    start_worker(slots=2, gpus=["0"])
    (worker,) = wait_for(lambda: [worker for worker in fleet.workers() if worker.gpus], "no reading came")
    assert worker.devices == ["cuda:0", "cuda:0"]
    assert worker.gpus == [GpuLoad("cuda:0", "NVIDIA H200", 0.87, 4213 * 2**20, 143771 * 2**20)]


def test_a_worker_without_a_gpu_announces_none(fleet, start_worker):
    start_worker()
    (worker,) = fleet.workers()
    assert (worker.devices, worker.gpus) == (["cpu"], [])
