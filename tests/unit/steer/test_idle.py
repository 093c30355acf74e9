"""Why idle: one sentence for each thing that a campaign can wait for, the most pressing one."""

from __future__ import annotations

import pytest

from steer.idle import FULL, Situation, refused_workers, why_idle
from steer.messages import Refusal

ALL = {"all": 2, "cg": 2, "refine": 2, "train": 2}
NONE = {"cg": 0, "refine": 0, "train": 0}
NO_CUDA = "There is no registered Platform called CUDA."


def idle(**changes) -> str:
    values = {
        "phase": "running",
        "running": 0,
        "open": NONE,
        "slots": ALL,
        "frames": 312,
        "min_frames": 500,
        "model": 0,
        "room": 3,
    }
    return why_idle(Situation(**{**values, **changes}))


def refusal(name: str, reason: str = NO_CUDA) -> Refusal:
    return Refusal(name=name, host=name, reason=reason)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"phase": "finished", "reason": "20 of 20 refinements"},
            "The campaign is finished: 20 of 20 refinements.",
        ),
        ({"phase": "stopped"}, "The campaign is stopped."),
        (
            {"free_space": FULL - 1, "slots": {"all": 0}},
            "The disk of the campaign directory is full (499 MB free)",
        ),
        ({"slots": {"all": 0}}, "No worker is attached; attach one with 'steer worker'."),
        ({"slots": {**ALL, "refine": 0}}, "No worker with kind refine is attached; attach one with"),
        ({"slots": {**ALL, "refine": 0}, "running": 2, "model": 3}, "No worker with kind refine is attached"),
        ({"slots": {**ALL, "refine": 0}, "open": {**NONE, "refine": 2}}, "(queued: 2 refine)"),
        ({"slots": {**ALL, "cg": 0, "train": 0}}, "No worker with kind cg or train is attached"),
        ({"backlog": 60_000}, "60,000 frames wait in Redis"),
        ({}, "Training the first latent model needs more frames: 312 of 500 are stored."),
        ({"running": 2, "open": {**NONE, "cg": 3}}, "312 of 500"),
        (
            {"frames": 512, "too_few_followed": True},
            "most of the 512 stored are the last of their simulation",
        ),
        ({"frames": 512, "running": 2}, ""),
        ({"frames": 512, "open": {**NONE, "train": 1}, "running": 1}, "being trained on 512 frames"),
        ({"model": 1, "open": {**NONE, "cg": 1}}, "1 job is queued, and workers are starting on it"),
        (
            {"model": 1, "open": {**NONE, "cg": 2, "refine": 1}, "running": 1},
            "2 jobs are queued, and workers",
        ),
        ({"model": 1, "open": {**NONE, "cg": 3}, "running": 2}, "the backlog is full (3 jobs open)"),
        ({"model": 1, "open": {**NONE, "cg": 1}, "running": 1}, "the campaign waits for the last results"),
        ({"model": 1, "open": {**NONE, "cg": 2}, "running": 2}, ""),
    ],
)
def test_one_sentence_says_what_the_campaign_waits_for(changes, expected):
    sentence = idle(**changes)
    assert expected in sentence
    assert bool(sentence) == bool(expected)
    assert "\n" not in sentence


def test_refused_workers_are_named_where_workers_are_missing():
    refusals = [refusal("node7")]
    for slots in ({"all": 0}, {**ALL, "refine": 0}):
        assert idle(slots=slots, refusals=refusals).endswith(f"Refused: node7: {NO_CUDA}")
    assert "Refused" not in idle(refusals=refusals)


def test_workers_refused_for_one_reason_stand_in_one_line():
    array = [refusal(f"node{number}") for number in range(1, 9)]
    assert refused_workers([*array, refusal("old", "Another version.")]) == [
        f"node1, node2, node3 and 5 more: {NO_CUDA}",
        "old: Another version.",
    ]
