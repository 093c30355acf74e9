"""The log of a campaign says why it waits, and does not say it all the time."""

from __future__ import annotations

from types import SimpleNamespace

from steer.explainer import QUIET, STANDS, Explainer


def snapshot(waiting: str = "", refused: tuple[str, ...] = (), phase: str = "running") -> SimpleNamespace:
    return SimpleNamespace(waiting=waiting, refused=list(refused), phase=phase)


def told(explainer: Explainer, snapshots) -> list[str]:
    return [line for each in snapshots for line in explainer.news(each)]


def test_a_reason_is_told_once_when_it_has_stood_whatever_its_numbers_do():
    explainer = Explainer()
    growing = [snapshot(f"{frames:,} of 500 frames.") for frames in range(100, 100 + 3 * STANDS)]
    assert told(explainer, growing) == [f"waiting: {100 + STANDS - 1} of 500 frames."]


def test_a_reason_that_comes_and_goes_is_not_told():
    assert told(Explainer(), [snapshot("Jobs are starting."), snapshot("")] * 20) == []


def test_a_reason_that_stands_for_long_is_told_again():
    assert len(told(Explainer(), [snapshot("No worker.")] * (QUIET + 2 * STANDS))) == 2


def test_an_ended_campaign_waits_for_nothing():
    assert told(Explainer(), [snapshot("The campaign is finished.", phase="finished")] * 10) == []


def test_a_refusal_is_told_at_once_and_once_for_a_worker_that_tries_again_and_again():
    explainer = Explainer()
    tries = [snapshot(refused=[f"node7-{number}: no CUDA: install it"]) for number in range(5)]
    assert told(explainer, tries) == ["worker refused: node7-0: no CUDA: install it"]
