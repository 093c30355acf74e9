"""Simulations that have stopped adding anything are ended, once, and nothing else is."""

import numpy as np
import pytest

from steer.config import CampaignConfig
from steer.jobs.finish import FinishRequest, request_finish
from steer.journal import Journal, Seed
from steer.ledger import Ledger
from steer.messages import CgJob, CgResult, JobEvent
from steer.stopping import LOOKS, TOGETHER, Looks, Running, finishes, parts, running_simulations

CONFIG = CampaignConfig.model_validate(
    {"campaign": {"name": "t"}, "molecule": {"sequence": "AAA"}, "stop": {"refinements": 1}}
)


def job(number: int) -> CgJob:
    id = f"cg-{number:06d}"
    return CgJob(key=f"cg:{id}", simulation=id, start="a.pdb", force_field=1, steps=1000, random_seed=7)


def ended(number: int, steps: int) -> JobEvent:
    result = CgResult(
        simulation=f"cg-{number:06d}",
        steps=steps,
        frames=steps // 10,
        seconds=1.0,
        steps_per_second=1.0,
        platform="CPU",
        end_state="cg/state.xml",
    )
    return JobEvent(key=job(number).key, status="done", worker="w", started=1.0, finished=2.0, result=result)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    with journal.transaction():
        journal.add_force_field(1, {})
        journal.add_seed(Seed(1, "input", 0, "a.pdb"))
        for number in (1, 2, 3):
            journal.plan_cg(job(number), Seed(1, "input", 0, "a.pdb"), steered=number != 2)
    yield journal
    journal.close()


def decide_to_finish(journal: Journal, ledger: Ledger, number: int) -> None:
    with journal.transaction():
        journal.note(0, "Finish", f"cg-{number:06d}", "none of its last")
    ledger.finishing.add(f"cg-{number:06d}")


def told_to_finish(
    running: list[Running], picks: list[tuple[int, float]], patience: float = 100.0
) -> list[str]:
    parents, times = np.array([parent for parent, _ in picks]), np.array([time for _, time in picks])
    return [finish.simulation for finish in finishes(patience, running, parents, times)]


def test_one_goes_on_where_the_rule_would_start_from_what_it_lately_saw():
    running = [Running(f"cg-{number:06d}", 500.0, True) for number in (1, 2, 3)]
    # The first was picked at its latest frame, the second just before its last 100 ps, the third not at all.
    assert told_to_finish(running, [(1, 500.0), (2, 400.0), (9, 480.0)]) == ["cg-000002", "cg-000003"]
    assert told_to_finish(running, [(1, 500.0), (2, 410.0), (2, 10.0)]) == ["cg-000003"]


def test_the_reason_tells_how_much_was_looked_at_and_against_how_many():
    (finish,) = finishes(100.0, [Running("cg-000002", 100.0, True)], np.array([7, 8]), np.array([1.0, 2.0]))
    assert (
        finish.reason
        == "asked for a start for each simulation judged (2), the rule takes none from its last 100 ps"
    )


def test_what_has_not_run_for_as_long_as_the_patience_is_let_be():
    assert told_to_finish([Running("cg-000001", 90.0, True)], [(9, 10.0)]) == []


def test_the_control_runs_its_full_length():
    assert told_to_finish([Running("cg-000001", 1e9, False)], [(9, 10.0)]) == []


@pytest.mark.parametrize("at_once", [1, 5, 1000, 24_000])
def test_each_is_judged_as_often_within_the_patience_however_many_run(at_once):
    looks, judged, before = Looks(80.0, 1000.0), 0.0, 1000.0
    for stored in np.linspace(0.0, 80.0 * at_once, 4001)[1:]:
        if looks.due(before + stored, at_once):
            looks.done(before + stored)
            judged += 1 / parts(at_once)
    assert judged == pytest.approx(LOOKS, rel=0.1)


def test_a_look_is_at_no_more_simulations_than_can_be_judged_together():
    for at_once in (0, 1, TOGETHER, TOGETHER + 1, 24_000):
        assert (parts(at_once) - 1) * TOGETHER < max(1, at_once) <= parts(at_once) * TOGETHER


def test_nothing_is_looked_at_without_patience_or_simulations():
    assert not Looks(None, 0.0).due(1e9, 1)
    assert not Looks(10.0, 0.0).due(1e9, 0)


def test_those_with_frames_are_running_and_have_run_as_long_as_they_tell(journal):
    running = running_simulations(Ledger(journal, CONFIG), {"cg-000001": 3, "cg-000002": 1}, 10.0)
    assert running == [Running("cg-000001", 30.0, True), Running("cg-000002", 10.0, False)]


def test_a_simulation_is_asked_once_and_a_restarted_coordinator_knows(journal):
    ledger = Ledger(journal, CONFIG)
    decide_to_finish(journal, ledger, 1)
    for each in (ledger, Ledger(journal, CONFIG)):
        assert each.finishing == {"cg-000001"}
        frames = {f"cg-{number:06d}": 1 for number in (1, 2, 3)}
        assert [r.simulation for r in running_simulations(each, frames, 1.0)] == [
            "cg-000002",
            "cg-000003",
        ]


def test_what_it_did_not_simulate_is_planned_again(journal):
    ledger = Ledger(journal, CONFIG)
    decide_to_finish(journal, ledger, 1)
    with journal.transaction():
        ledger.record(ended(1, 400))
        ledger.record(ended(2, 1000))
    for each in (ledger, Ledger(journal, CONFIG)):
        assert each.finishing == set()
        assert each.simulations["cg-000001"].steps == 400
        assert each.cg_time_planned == pytest.approx((400 + 1000 + 1000) * CONFIG.coarse.timestep)


def test_the_request_lies_in_the_folder_and_is_found_once_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("steer.jobs.finish._LOOK_EVERY", 0.0)
    request = FinishRequest(tmp_path / "cg-000001")
    assert not request.look()
    request_finish(tmp_path / "cg-000001")
    request_finish(tmp_path / "cg-000001")
    assert request.look()
    assert request.asked
