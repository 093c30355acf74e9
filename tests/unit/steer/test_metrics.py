import math
from pathlib import Path

import pytest

from steer.metrics import METRICS, MetricsLog, Snapshot, read_metrics
from steer.recorder import Recorder
from steer.status import Status


def a_status(**changes: object) -> Status:
    values: dict[str, object] = {
        "campaign": "c", "phase": "running", "reason": "", "round": 3, "frames": 100, "frames_aa": 20, "duplicates": 1,
        "set_aside": 0, "backlog": 4, "cg_time": 2500.0, "aa_time": 10.0, "coverage": 42, "model": 2, "models": 2,
        "training": False, "min_frames": 50, "drift": 1.5, "generations": [], "seeds": {"input": 1, "aa": 2},
        "from_refined": 1, "promotions": 5, "refinements": {"open": 1, "accepted": 2, "rejected": 1, "failed": 0},
        "rejected_reasons": {}, "open": {"cg": 2, "refine": 1, "train": 0}, "failed": [], "running": [],
        "workers": [{"busy": ["cg:1", "cg:2"]}, {"busy": []}], "slots": {"all": 4, "cg": 4},
        "rates": {"frames_per_second": 8.0, "ns_per_day": 90.0}, "waiting": "", "updated": 1000.0,
    }  # fmt: skip
    return Status(**{**values, **changes})  # type: ignore[arg-type]


def snapshot(**changes: object) -> Snapshot:
    return Snapshot(a_status(**changes), (0.2, 1.5))


def test_the_numbers_are_those_of_the_status() -> None:
    values = {metric.column: metric.read(snapshot()) for metric in METRICS}
    assert values["frames_cg"] == 80
    assert values["frames_aa"] == 20
    assert values["simulated_cg_ns"] == 2.5
    assert values["jobs_open_refine"] == 1
    assert values["slots_busy"] == 2
    assert values["slots"] == 4
    assert values["refinements_accepted"] == 2
    assert values["frame_latency_seconds_0.99"] == 1.5
    assert values["running"] == 1
    assert values["seeds"] == 3


def test_every_column_is_there_once() -> None:
    columns = [metric.column for metric in METRICS]
    assert len(set(columns)) == len(columns)


def test_lines_that_were_written_are_read_back(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.csv")
    log.append(snapshot(updated=1.0, coverage=5))
    log.append(snapshot(updated=2.0, coverage=7))
    columns = read_metrics(tmp_path / "metrics.csv")
    assert columns["time"] == [1.0, 2.0]
    assert columns["coverage_cells"] == [5.0, 7.0]


@pytest.mark.parametrize("torn", [1, 7, 60])
def test_a_torn_line_is_left_out_by_readers_and_cut_off_by_the_next_writer(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "metrics.csv"
    log = MetricsLog(path)
    log.append(snapshot(updated=1.0))
    log.append(snapshot(updated=2.0))
    path.write_bytes(path.read_bytes()[:-torn])
    assert read_metrics(path)["time"] == [1.0]
    MetricsLog(path).append(snapshot(updated=3.0))
    assert read_metrics(path)["time"] == [1.0, 3.0]


def test_a_file_with_other_columns_is_set_aside_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("time,what_was_once\n1,2\n")
    MetricsLog(path).append(snapshot(updated=3.0))
    assert read_metrics(path)["time"] == [3.0]
    assert (tmp_path / "metrics-1.csv").read_text() == "time,what_was_once\n1,2\n"


def test_a_file_of_another_version_is_read_for_what_it_shares(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("time,coverage_cells,what_was_once\n1,42,2\n3,4\n")
    columns = read_metrics(tmp_path / "metrics.csv")
    assert (columns["time"], columns["coverage_cells"]) == ([1.0], [42.0])
    assert math.isnan(columns["gpu_load_ratio"][0])
    assert "what_was_once" not in columns


def test_a_missing_file_gives_empty_columns(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "metrics.csv")["time"] == []


class Frames:
    """A frame store that is empty."""

    def __len__(self) -> int:
        return 0


class Told:
    def __init__(self) -> None:
        self.updates: list[Status] = []

    def event(self, text: str) -> None: ...

    def update(self, status: Status) -> None:
        self.updates.append(status)


def test_the_end_of_a_campaign_is_recorded_although_no_line_is_due(tmp_path: Path) -> None:
    told = Told()
    recorder = Recorder(tmp_path / "metrics.csv", Frames(), told)  # type: ignore[arg-type]
    for phase, time in (("running", 1.0), ("running", 2.0), ("finished", 3.0)):
        recorder.update(a_status(phase=phase, updated=time))
    columns = read_metrics(tmp_path / "metrics.csv")
    assert columns["time"] == [1.0, 3.0]
    assert columns["running"] == [1.0, 0.0]
    assert math.isnan(columns["frame_latency_seconds_0.5"][0])
    assert len(told.updates) == 3


def test_a_disk_that_refuses_does_not_stop_the_campaign(tmp_path: Path, caplog) -> None:
    told = Told()
    recorder = Recorder(tmp_path / "missing" / "metrics.csv", Frames(), told)  # type: ignore[arg-type]
    recorder.update(a_status())
    recorder.update(a_status(phase="finished"))
    assert len(told.updates) == 2
    assert caplog.text.count("cannot be written") == 1
