"""Kill tests in their short form: every disturbance once, on a real campaign. ``python -m tests.chaos`` is the long one."""

from __future__ import annotations

import pytest
from chaos.schedule import schedule
from chaos.strikes import KINDS, impossible
from chaos.trial import Outcome, run_trial

pytestmark = pytest.mark.timeout(1800)

SEED = 2026
SIMULATIONS, REFINEMENTS = 4, 1


@pytest.fixture(scope="module")
def left_out(tmp_path_factory) -> dict[str, str]:
    return impossible(tmp_path_factory.mktemp("possible"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, left_out) -> list[Outcome]:
    """One campaign; more of them on a machine so slow that the first one ends before everything has happened to it."""
    kinds = [kind for kind in KINDS if kind not in left_out]
    strikes = schedule(kinds, len(kinds), SEED, calm=(0.2, 2.0))
    outcomes: list[Outcome] = []
    while strikes and not any(outcome.violations for outcome in outcomes):
        folder = tmp_path_factory.mktemp("chaos") / "trial"
        outcomes.append(
            run_trial(folder, strikes, seed=SEED, simulations=SIMULATIONS, refinements=REFINEMENTS)
        )
        strikes = outcomes[-1].left
    return outcomes


def test_a_campaign_that_everything_happens_to_keeps_every_promise(outcomes):
    assert [outcome.violations for outcome in outcomes] == [[]] * len(outcomes)


def test_it_ends_with_the_accounts_that_were_asked_for(outcomes):
    for accounts in (outcome.accounts for outcome in outcomes):
        assert accounts.cg_simulations == SIMULATIONS
        assert accounts.refinements == accounts.aa_seeds == REFINEMENTS
        assert (accounts.failed, accounts.open) == (0, 0)


def test_everything_happened_and_was_got_over(outcomes, left_out):
    records = [record for outcome in outcomes for record in outcome.records]
    assert {record.strike.kind for record in records} == set(KINDS) - set(left_out)
    assert [record for record in records if record.recovered is None] == []


def test_every_kind_can_be_tried_here(left_out):
    if left_out:
        pytest.skip("; ".join(f"{kind}: {reason}" for kind, reason in left_out.items()))
