"""`steer worker` reads its options before it touches anything."""

from __future__ import annotations

from pathlib import Path

import pytest

import steer.worker
from steer.campaign import CampaignDirectory
from steer.cli.worker import attach_worker
from steer.config import Campaign, CampaignConfig, Molecule, Stop
from steer.exceptions import CampaignError, ConfigError, ServerError
from steer.worker import WorkerOptions, run_worker


@pytest.fixture
def told(monkeypatch):
    """The options that the daemon would be given."""
    options = []
    monkeypatch.setattr(steer.worker, "run_worker", lambda given: options.append(given) or 0)
    return options


def test_all_options_reach_the_daemon(told):
    code = attach_worker(
        "redis://host",
        slots=4,
        gpus="0, 1",
        slots_per_gpu=2,
        mps=True,
        pin=False,
        kinds="cg,train",
        walltime="4 h",
        directory=Path("/campaign"),
        campaign="trp",
        name="alice",
    )
    assert code == 0
    (options,) = told
    assert (options.url, options.slots, options.gpus, options.slots_per_gpu) == (
        "redis://host",
        4,
        ["0", "1"],
        2,
    )
    assert options.mps
    assert not options.pin
    assert (options.kinds, options.walltime, options.name) == (["cg", "train"], 14400.0, "alice")
    assert (options.directory, options.campaign) == (Path("/campaign"), "trp")


@pytest.mark.parametrize(("text", "gpus"), [(None, None), ("all", None), ("none", [])])
def test_gpus_are_all_none_or_a_list(told, text, gpus):
    attach_worker("redis://host", gpus=text)
    assert told[0].gpus == gpus


@pytest.mark.parametrize(("option", "value"), [("walltime", "4 nm"), ("walltime", "4"), ("name", "a b")])
def test_an_option_that_makes_no_sense_is_refused(told, option, value):
    with pytest.raises(ConfigError, match=f"--{option}"):
        attach_worker("redis://host", **{option: value})
    assert told == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"kinds": ["cg", "bake"]}, "no kind of job bake"),
        ({"kinds": []}, "no kind of job"),
        ({"walltime": 30.0}, "too short"),
        ({"gpus": [], "slots": 1}, "Which campaign"),
    ],
)
def test_the_daemon_checks_before_it_connects(options, complaint):
    with pytest.raises(ConfigError, match=complaint):
        run_worker(WorkerOptions(**options))


def test_a_campaign_without_a_server_of_its_own_is_said(tmp_path):
    config = CampaignConfig(
        campaign=Campaign(name="trp"), molecule=Molecule(sequence="NLYIQW"), stop=Stop(refinements=1)
    )
    directory = CampaignDirectory.create(tmp_path / "campaign", config).root
    with pytest.raises(ServerError, match="has no Redis server of its own yet; start it with 'steer run'"):
        run_worker(WorkerOptions(directory=directory, gpus=[], slots=1))
    with pytest.raises(CampaignError, match="no such campaign directory"):
        run_worker(WorkerOptions(directory=tmp_path / "nowhere", gpus=[], slots=1))
