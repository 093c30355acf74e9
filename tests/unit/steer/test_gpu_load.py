"""GPU load as drivers tell it: real processes on PATH that print what the real programs print."""

import asyncio
import logging
import math
import time
from pathlib import Path

import pytest

from steer.gpu_load import GpuWatch, gpu_totals, in_words, parse_nvidia, parse_rocm
from steer.messages import GpuLoad
from steer.slots import Slot, make_slots
from steer.status_report import describe

from .test_metrics import a_status

NVIDIA = """\
0, GPU-5f1f2a66-6d7c-1d0d-7a3c-1c6a9a2a4b01, NVIDIA H200, 87, 4213, 143771
1, GPU-0b9f8c1e-90f1-77c5-52e3-7d0a1f3f9c42, NVIDIA H200, [N/A], [N/A], 143771
"""

ROCM = (
    '{"card0": {"GPU use (%)": "43", "VRAM Total Memory (B)": "68702699520", '
    '"VRAM Total Used Memory (B)": "1073741824", "Card Series": "AMD Instinct MI250X"}, '
    '"system": {"Driver version": "6.7.0"}}'
)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that puts a program of a name and a shell text first on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return install


def printing(text: str) -> str:
    return f"cat <<'END'\n{text}END"


def read(watch: GpuWatch) -> list[GpuLoad]:
    return asyncio.run(watch.read())


def test_each_gpu_of_the_slots_is_read_once(driver) -> None:
    driver("nvidia-smi", f'case "$1" in *utilization*) {printing(NVIDIA)}\n;; *) printf "0\\n1\\n";; esac')
    first, second = read(GpuWatch(make_slots(per_gpu=2, cores=4), "CUDA"))
    assert first == GpuLoad("cuda:0", "NVIDIA H200", 0.87, 4213 * 2**20, 143771 * 2**20)
    assert (second.device, second.load, second.memory_used) == ("cuda:1", None, None)


def test_a_gpu_is_found_by_its_uuid_or_the_beginning_of_it_and_a_share_of_one_has_no_load(driver) -> None:
    driver("nvidia-smi", printing(NVIDIA))
    slots = make_slots(gpus=["GPU-5f1f2a66", "MIG-1234", "GPU-"], cores=3)
    assert [(gpu.device, gpu.load) for gpu in read(GpuWatch(slots, "CUDA"))] == [
        ("cuda:GPU-5f1f2a66", 0.87),
        ("cuda:MIG-1234", None),
        ("cuda:GPU-", None),
    ]


def test_the_password_of_the_server_is_not_handed_to_the_driver(driver, monkeypatch) -> None:
    monkeypatch.setenv("STEER_REDIS_PASSWORD", "hush")
    driver("nvidia-smi", 'echo "0, GPU-a, ${STEER_REDIS_PASSWORD:-nothing}, 1, 2, 3"')
    assert read(GpuWatch(make_slots(gpus=["0"], cores=1), "CUDA"))[0].name == "nothing"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 9", "ended with code 9"),
        ("sleep 60", "has not answered for 0.3 s"),
        ("", ""),
        ("echo gibberish", ""),
    ],
)
def test_a_driver_that_fails_or_hangs_costs_the_reading_and_is_told_once(
    driver, caplog, script, said
) -> None:
    driver("nvidia-smi", script)
    watch = GpuWatch([Slot(0, "cuda:0", {})], "CUDA", patience=0.3)
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert [read(watch), read(watch)] == [[GpuLoad("cuda:0")]] * 2
    assert time.monotonic() - begun < 30
    told = [record.getMessage() for record in caplog.records if "load of the GPUs" in record.getMessage()]
    assert len(told) == bool(said)
    assert all(said in line for line in told)


def test_readings_follow_the_driver_until_the_watch_is_cancelled(driver, tmp_path) -> None:
    driver("nvidia-smi", f'echo x >> {tmp_path}/calls; echo "0, GPU-a, H, $(wc -l < {tmp_path}/calls), 2, 3"')

    async def scene() -> list[float]:
        watch = GpuWatch(make_slots(gpus=["0"], cores=1), "CUDA", every=0.01)
        task, seen = asyncio.create_task(watch.run()), []
        while len(set(seen)) < 3:
            await asyncio.sleep(0.01)
            seen += [gpu.load for gpu in watch.readings if gpu.load is not None]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen

    seen = asyncio.run(scene())
    assert seen == sorted(seen)


def test_a_machine_without_a_gpu_has_no_reading(driver) -> None:
    watch = GpuWatch(make_slots(1, gpus=[], cores=1), "CPU")
    asyncio.run(asyncio.wait_for(watch.run(), 5))
    assert watch.readings == []
    assert in_words(gpu_totals([{"host": "a", "gpus": []}])) == "no GPU"


def test_gpus_of_amd_are_read_where_simulations_run_on_hip(driver) -> None:
    driver("rocm-smi", f"{printing(ROCM + chr(10))}")
    slots = make_slots(1, gpus=[], cores=1)
    assert read(GpuWatch(slots, "HIP")) == [
        GpuLoad("rocm:0", "AMD Instinct MI250X", 0.43, 1073741824.0, 68702699520.0)
    ]


@pytest.mark.parametrize("text", ["", "[]", "nothing", "[" * 100_000, '{"card0": 3}', "WARNING: no GPU\n"])
def test_what_is_no_answer_gives_no_reading(text: str) -> None:
    assert parse_rocm(text) == []
    assert parse_nvidia(text) == {}


@pytest.mark.parametrize("load", ["-1", "101", "nan", "inf", "1e999", "[Unknown Error]"])
def test_numbers_that_cannot_be_are_none(load: str) -> None:
    assert parse_nvidia(f"0, GPU-a, H, {load}, 1, 2")["0"].load is None


def a_worker(name: str, host: str, *gpus: tuple[str, float | None]) -> dict:
    return {
        "name": name, "host": host, "pid": 1, "busy": [], "slots": 2, "kinds": ["cg"],
        "gpus": [
            {"device": device, "name": "H200", "load": load, "memory_used": 2e9, "memory_total": 8e10}
            for device, load in gpus
        ],
    }  # fmt: skip


def test_totals_are_means_over_gpus_and_a_shared_one_counts_once() -> None:
    workers = [a_worker("a", "n1", ("cuda:0", 0.9), ("cuda:1", None)), a_worker("b", "n1", ("cuda:0", 0.9)),
               a_worker("c", "n2", ("cuda:0", 0.3))]  # fmt: skip
    totals = gpu_totals(workers)
    assert (totals.count, totals.memory_used, totals.memory_total) == (3, 6e9, 2.4e11)
    assert totals.load == pytest.approx(0.6)
    assert in_words(totals) == "3 GPUs 60% busy, 6 of 240 GB used"
    assert math.isnan(gpu_totals([]).load)


def test_the_status_tells_each_workers_gpus() -> None:
    told = describe(a_status(workers=[a_worker("a", "n1", ("cuda:0", 0.9)), a_worker("b", "n2")]))
    assert "a on n1: 0 of 2 slots busy, accepts cg; 1 GPU 90% busy, 2 of 80 GB used" in told
    assert "b on n2: 0 of 2 slots busy, accepts cg; no GPU" in told
