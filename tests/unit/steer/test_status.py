"""Status: a snapshot that people and programs can read."""

import io
from types import SimpleNamespace

import msgspec
import pytest

from steer.campaign import CampaignDirectory
from steer.config import CampaignConfig, parse_until
from steer.console import PlainLines, status_line
from steer.ending import further_goal
from steer.exceptions import CampaignError
from steer.status import GenerationCount, Status
from steer.status_report import current_status, describe

ALL = {"all": 2, "cg": 2, "refine": 2, "train": 2}


@pytest.fixture
def status() -> Status:
    return Status(
        campaign="trp",
        phase="running",
        reason="",
        round=3,
        frames=1200,
        frames_aa=20,
        duplicates=1,
        set_aside=2,
        backlog=0,
        cg_time=2400.0,
        aa_time=20.0,
        coverage=77,
        model=2,
        models=2,
        training=False,
        min_frames=400,
        drift=1.1,
        generations=[GenerationCount(0, 1, 4, 0), GenerationCount(1, 2, 0, 1)],
        seeds={"aa": 2, "input": 1},
        from_refined=2,
        promotions=3,
        refinements={"open": 1, "accepted": 2, "rejected": 1, "failed": 0},
        rejected_reasons={"TRP 6 is a D residue": 1},
        open={"cg": 3, "refine": 1, "train": 0},
        failed=["cg:cg-000009"],
        running=[
            {
                "key": "cg:cg-000003",
                "worker": "w",
                "phase": "run",
                "fraction": 0.5,
                "step": 10,
                "updated": 0.0,
            },
            {
                "key": "train:0003",
                "worker": "w",
                "phase": "training",
                "fraction": 0.1,
                "step": 1,
                "updated": 0.0,
            },
        ],
        workers=[
            {
                "name": "w",
                "host": "h",
                "busy": ["cg:cg-000003"],
                "slots": 2,
                "kinds": ["cg"],
                "platform": "CUDA",
            }
        ],
        slots=ALL,
        rates={"frames_per_second": 12.5, "ns_per_day": 400.0},
        waiting="",
        updated=0.0,
        refused=["node7: install the same version"],
    )


def test_the_description_tells_every_number_a_user_asks_for(status):
    text = describe(status)
    for piece in (
        "2.400 ns in 8 simulations",
        "2 started from AA results",
        "1,200 stored (20 AA)",
        "model 2; coverage 77 cells",
        "2 accepted, 1 rejected, 1 open",
        "TRP 6 is a D residue",
        "cg:cg-000003 on w: run, 50%",
        "cg:cg-000009",
        "1 of 2 slots busy, on CUDA, accepts cg",
        "12.5 frames/s",
        "Refused      node7: install the same version",
    ):
        assert piece in text, piece


@pytest.mark.parametrize(("phase", "told"), [("running", True), ("interrupted", True), ("finished", False)])
def test_the_description_says_what_is_waited_for_until_the_end(status, phase, told):
    waiting = "No worker with kind 'refine' is attached; 3 refinements wait."
    text = describe(msgspec.structs.replace(status, phase=phase, waiting=waiting))
    assert (waiting in text) == told


def test_one_line_names_the_running_jobs(status):
    line = status_line(status)
    assert "cg-000003 run 50%" in line
    assert "train:0003 training 10%" in line
    assert "\n" not in line


def test_plain_lines_have_no_control_characters(status):
    out = io.StringIO()
    console = PlainLines(out)
    with console:
        console.event("cg-000001 done")
        console.update(status)
        console.update(status)
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def campaign(tmp_path) -> CampaignDirectory:
    config = CampaignConfig.model_validate(
        {"campaign": {"name": "t"}, "molecule": {"sequence": "AAA"}, "stop": {"refinements": 1}}
    )
    return CampaignDirectory.create(tmp_path / "t", config)


def test_a_coordinator_that_died_is_told_from_one_that_runs(tmp_path, status):
    directory = campaign(tmp_path)
    directory.status.write_bytes(msgspec.json.encode(status))
    assert current_status(directory).phase == "interrupted"
    with directory.lock():
        assert current_status(directory).phase == "running"
    finished = msgspec.structs.replace(status, phase="finished")
    directory.status.write_bytes(msgspec.json.encode(finished))
    assert current_status(directory).phase == "finished"


def test_a_full_disk_is_told_although_the_coordinator_cannot_write_it(tmp_path, status, monkeypatch):
    directory = campaign(tmp_path)
    directory.status.write_bytes(msgspec.json.encode(status))
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=3 * 2**20))
    with directory.lock():
        assert "is full (3 MB free)" in current_status(directory).waiting


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no status yet"), (b"{", "damaged"), (b"{}", "damaged")]
)
def test_a_missing_or_damaged_status_is_said(tmp_path, content, message):
    directory = campaign(tmp_path)
    if content is not None:
        directory.status.write_bytes(content)
    with pytest.raises(CampaignError, match=message):
        current_status(directory)


@pytest.mark.parametrize(
    ("accepted", "cg_time", "field", "goal"),
    [
        (8, 12_000.0, "refinements", 16),
        (0, 12_000.0, "aggregate_time", 24_000.0),
        (0, 0.4, "aggregate_time", 2.0),
    ],
)
def test_going_on_is_offered_in_goals_that_the_campaign_can_reach(
    status: Status, accepted: int, cg_time: float, field: str, goal: float
) -> None:
    """A landscape has no refinements to wait for."""
    reached = msgspec.structs.replace(
        status, refinements=status.refinements | {"accepted": accepted}, cg_time=cg_time
    )
    assert getattr(parse_until(further_goal(reached)), field) == pytest.approx(goal)
