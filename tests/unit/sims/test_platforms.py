from __future__ import annotations

import pickle
import stat
from pathlib import Path

import openmm
import pytest

from sims import platforms
from sims.exceptions import PlatformError
from sims.platforms import PLATFORMS, choose_platform, try_platforms, visible_gpus


def _fake_tool(folder: Path, name: str, output: str) -> None:
    tool = folder / name
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{output}END\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH whose nvidia-smi answers as the real one does on a machine with two GPUs."""
    _fake_tool(
        tmp_path, "nvidia-smi", "GPU 0: NVIDIA H200 (UUID: GPU-a1)\nGPU 1: NVIDIA H200 (UUID: GPU-b2)\n"
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for variable in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)


def test_chosen_platform_opens_a_context() -> None:
    choice = choose_platform("auto", device="cpu")
    assert choice.name == "CPU"
    system = openmm.System()
    system.addParticle(1.0)
    openmm.Context(system, openmm.VerletIntegrator(0.001), choice.platform, choice.properties)


@pytest.mark.parametrize(
    ("variable", "argument", "threads"), [("3", None, "3"), ("3", 2, "2"), ("", None, "1"), ("x", None, "1")]
)
def test_cpu_threads_come_from_the_argument_then_the_environment_then_one(
    monkeypatch: pytest.MonkeyPatch, variable: str, argument: int | None, threads: str
) -> None:
    monkeypatch.setenv("OPENMM_CPU_THREADS", variable)
    assert choose_platform("CPU", threads=argument).properties == {
        "Threads": threads,
        "DeterministicForces": "true",
    }


def test_unknown_platform_is_named_with_the_known_ones() -> None:
    with pytest.raises(PlatformError, match="choose one of auto, CUDA") as caught:
        choose_platform("Cuda")
    assert pickle.loads(pickle.dumps(caught.value)).platform == "Cuda"  # noqa: S301


def test_platform_that_is_not_installed_says_what_to_install() -> None:
    installed = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
    if "HIP" in installed:
        pytest.skip("this OpenMM has HIP")
    with pytest.raises(PlatformError, match=r"pip install 'steer\[hip6\]'"):
        choose_platform("HIP")


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "cuda:0x"])
def test_malformed_device_is_refused(device: str) -> None:
    with pytest.raises(PlatformError, match="is no device"):
        choose_platform("auto", device=device)


def test_trial_runs_every_platform_and_reports_the_missing() -> None:
    trials = {trial.name: trial for trial in try_platforms(steps=10)}
    assert tuple(trials) == PLATFORMS
    assert trials["CPU"].works
    assert trials["Reference"].works
    for trial in trials.values():
        assert (trial.steps_per_second > 0) == trial.works == (not trial.error)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ["cuda:0", "cuda:1"]),
        ("1", ["cuda:0"]),
        ("GPU-b2,GPU-a1", ["cuda:0", "cuda:1"]),
        ("0,7,1", ["cuda:0"]),
        ("-1", []),
        ("", []),
    ],
)
def test_visible_gpus_follow_the_environment(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, expected: list[str]
) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpus() == expected


def test_no_tools_no_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == []


@pytest.mark.parametrize(
    ("runtime", "device", "processor"),
    [
        ("Portable Computing Language", "cpu-haswell-AMD EPYC 9654", True),
        ("Intel(R) OpenCL", "Intel(R) Xeon(R) Platinum 8480+", True),
        ("NVIDIA CUDA", "NVIDIA H200", False),
        ("AMD Accelerated Parallel Processing", "gfx90a:sramecc+:xnack-", False),
        ("Intel(R) OpenCL Graphics", "Intel(R) Arc(TM) A770", False),
    ],
)
def test_processor_posing_as_opencl_gpu_is_recognised(runtime: str, device: str, processor: bool) -> None:
    assert platforms._is_processor(runtime, device) == processor
