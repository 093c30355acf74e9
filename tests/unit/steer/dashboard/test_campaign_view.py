"""What is told of jobs and logs, whatever the journal names."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from steer.campaign import CampaignDirectory
from steer.dashboard.campaign_view import CampaignView
from steer.dashboard.records import Records
from steer.journal import JobRow


def a_job(key: str, log: str = "", state: str = "done") -> JobRow:
    return JobRow(key, key.partition(":")[0], state, 1, "w", 1.0, 2.0, "", log)


def a_view(root: Path, jobs: list[JobRow]) -> CampaignView:
    (root / "logs").mkdir(exist_ok=True)
    records = Records([], [], [], [], [], jobs, [(n, "a", "s", "r") for n in range(5)])
    nothing: Any = None
    return CampaignView(CampaignDirectory(root), nothing, SimpleNamespace(read=lambda: records), nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "logs/../../secret", "logs/link", "logs", ""])
def test_no_file_outside_the_folder_of_logs_is_ever_read(tmp_path: Path, name: str) -> None:
    root = tmp_path / "run"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    view = a_view(root, [a_job("cg:cg-000001", name)])
    (root / "logs" / "link").symlink_to(tmp_path / "secret")
    assert view.log("cg:cg-000001") is None


def test_a_key_that_names_a_path_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("secret")
    run = tmp_path / "run"
    run.mkdir()
    assert a_view(run, [a_job("cg:../../x")]).log("cg:../../x") is None


def test_the_end_of_a_log_is_told_without_what_would_move_a_terminals_cursor(tmp_path: Path) -> None:
    view = a_view(tmp_path, [a_job("cg:cg-000001", "logs/a.log")])
    (tmp_path / "logs" / "a.log").write_bytes(b"x" * 100_000 + b"\n\x1b[31mred\x1b[0m\tend\x07\xff\r\n")
    told = view.log("cg:cg-000001")
    assert told is not None
    assert told["cut"]
    assert told["text"].endswith("\nred\tend\ufffd\n")
    assert len(told["text"]) < 70_000


def test_jobs_come_newest_first_by_state_and_kind_and_in_pages(tmp_path: Path) -> None:
    jobs = [a_job("cg:1"), a_job("refine:2", state="planned"), a_job("cg:3", state="failed"), a_job("cg:4")]
    view = a_view(tmp_path, jobs)
    assert [job.key for job in view.jobs("", "", 0, 2)["jobs"]] == ["cg:4", "cg:3"]
    assert [job.key for job in view.jobs("", "", 2, 2)["jobs"]] == ["refine:2", "cg:1"]
    assert view.jobs("open", "", 0, 9)["total"] == 1
    assert [job.key for job in view.jobs("done", "cg", 0, 9)["jobs"]] == ["cg:4", "cg:1"]


def test_the_latest_decisions_come_first(tmp_path: Path) -> None:
    assert [decision["round"] for decision in a_view(tmp_path, []).decisions(2)] == [4, 3]
