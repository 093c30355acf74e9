from __future__ import annotations

from pathlib import Path

import pytest

from steer.exceptions import ConfigError


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"campaign": "$(touch x)"}, "campaign name"),
        ({"campaign": "a\n#SBATCH --wrap=evil"}, "campaign name"),
        ({"directory": Path("relative")}, "absolute"),
        ({"directory": Path("/a\nrm -rf b")}, "line breaks"),
        ({"directory": Path("/a\udcff")}, "line breaks"),
        ({"command": "/bin/steer\n"}, "line breaks"),
        ({"url": "redis://host\r\n:6379"}, "line breaks"),
        ({"url": "redis://:secret@host:6379"}, "password"),
        ({"image": "steer:1\nkind: Evil"}, "container image"),
        ({"workers": 0}, "--workers"),
        ({"gpus": -1}, "--gpus-per-worker"),
        ({"walltime": 120.0}, "too short"),
        ({"gpus": 0, "slots_per_gpu": 3}, "--slots-per-gpu shares a GPU"),
    ],
)
def test_what_cannot_be_printed_safely_is_refused(request_of, told, problem) -> None:
    with pytest.raises(ConfigError, match=problem) as raised:
        request_of(**told)
    assert "secret" not in str(raised.value)


def test_the_worker_leaves_before_the_batch_system_ends_it(request_of) -> None:
    options = request_of(walltime=14_400.0).options
    assert ("--walltime", "14340 s") in options


def test_without_gpus_the_worker_is_told_its_slots_and_does_not_count_cores(request_of) -> None:
    options = request_of(gpus=0, cpus=8).options
    assert ("--gpus", "none") in options
    assert ("--slots", "8") in options


@pytest.mark.parametrize(
    ("told", "capacity"),
    [({"gpus": 2}, 2), ({"gpus": 2, "slots_per_gpu": 3}, 6), ({"gpus": 0, "cpus": 5}, 5), ({"slots": 7}, 7)],
)
def test_capacity_is_what_one_worker_runs_at_once(request_of, told, capacity) -> None:
    assert request_of(**told).capacity == capacity


def test_sharing_through_mps_is_passed_on_where_something_is_shared(request_of) -> None:
    assert ("--mps",) in request_of(gpus=2, slots_per_gpu=2, mps=True).options
    with pytest.raises(ConfigError, match="--slots-per-gpu 2 or more"):
        request_of(gpus=2, mps=True)


def test_cores_are_left_to_the_system_where_that_is_asked_for(request_of) -> None:
    assert ("--no-pin",) in request_of(pin=False).options
    assert ("--no-pin",) not in request_of().options
