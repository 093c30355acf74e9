import re

from prometheus_client.parser import text_string_to_metric_families

from steer.dashboard.exposition import exposition
from steer.metrics import METRICS, Snapshot
from steer.status import Status

STATUS = Status(
    campaign='a "name"\\ with\nodd signs', phase="running", reason="", round=3, frames=100, frames_aa=20, duplicates=1,
    set_aside=0, backlog=4, cg_time=2500.0, aa_time=10.0, coverage=42, model=2, models=2, training=False,
    min_frames=50, drift=1.5, generations=[], seeds={"input": 1}, from_refined=0, promotions=5,
    refinements={"open": 1, "accepted": 2, "rejected": 1, "failed": 0}, rejected_reasons={},
    open={"cg": 2, "refine": 1, "train": 0}, failed=[], running=[], workers=[{"busy": ["cg:1"]}], slots={"all": 4},
    rates={"frames_per_second": 8.0, "ns_per_day": 90.0}, waiting="", updated=1.0,
)  # fmt: skip


def test_prometheus_reads_every_number_with_the_campaigns_name_and_its_labels() -> None:
    text = exposition(Snapshot(STATUS, (0.2, float("nan")))).decode()
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    campaign = ("campaign", STATUS.campaign)
    assert samples["steer_coverage_cells", (campaign,)] == 42
    assert samples["steer_frames_total", (campaign, ("level", "cg"))] == 80
    assert samples["steer_jobs_open", (campaign, ("kind", "cg"))] == 2
    assert len(samples) == len(METRICS)


def test_each_kind_of_number_is_described_once() -> None:
    text = exposition(Snapshot(STATUS, (0.2, 0.4))).decode()
    described = re.findall(r"^# HELP (\w+)", text, re.MULTILINE)
    assert sorted(described) == sorted({metric.name for metric in METRICS})
