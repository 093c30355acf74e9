"""The Grafana dashboard asks for numbers that exist, and for all of the more important ones."""

import json
import re
from pathlib import Path

import pytest

from steer.metrics import METRICS

DASHBOARD = json.loads((Path(__file__).parents[3] / "deploy" / "grafana" / "steer.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
VARIABLES = [variable.get("query") for variable in DASHBOARD["templating"]["list"]]
LABELS = {
    (metric.name, name, value) for metric in METRICS for name, value in metric.labels.items()
}  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_number_and_label_that_is_asked_for_exists(expression: str) -> None:
    names = re.findall(r"\bsteer_\w+", expression)
    assert names
    assert set(names) <= {metric.name for metric in METRICS}
    for name, inside in re.findall(r"(steer_\w+)\{([^}]*)\}", expression):
        for label, value in re.findall(r'(\w+)="([^"]*)"', inside):
            assert label == "campaign" or (name, label, value) in LABELS


def test_campaigns_are_chosen_by_a_number_that_every_campaign_has() -> None:
    assert "label_values(steer_running, campaign)" in json.dumps(VARIABLES)


def test_panels_do_not_overlap_and_have_names_of_their_own() -> None:
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_nearly_every_number_is_drawn() -> None:
    drawn = set(re.findall(r"\bsteer_\w+", " ".join(EXPRESSIONS)))
    left_out = {metric.name for metric in METRICS} - drawn
    assert left_out <= {
        "steer_workers",
        "steer_seeds",
        "steer_promotions_total",
        "steer_decision_rounds_total",
    }
