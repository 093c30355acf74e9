"""Kill tests in their short form: every disturbance once, on one real campaign. ``python -m tests.chaos`` is the long one."""

from __future__ import annotations

import pytest
from chaos.schedule import schedule
from chaos.strikes import KINDS
from chaos.trial import Outcome, run_trial

pytestmark = pytest.mark.timeout(1800)

SEED = 2026
SIMULATIONS, REFINEMENTS = 4, 1


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Outcome:
    folder = tmp_path_factory.mktemp("chaos") / "trial"
    strikes = schedule(list(KINDS), len(KINDS), SEED, calm=(0.2, 2.0))
    return run_trial(folder, strikes, seed=SEED, simulations=SIMULATIONS, refinements=REFINEMENTS)


def test_a_campaign_that_everything_happens_to_keeps_every_promise(outcome):
    assert outcome.violations == [], outcome.records


def test_it_ends_with_the_accounts_that_were_asked_for(outcome):
    assert outcome.accounts.cg_simulations == SIMULATIONS
    assert outcome.accounts.refinements == outcome.accounts.aa_seeds == REFINEMENTS
    assert (outcome.accounts.failed, outcome.accounts.open) == (0, 0)


def test_every_strike_was_got_over(outcome):
    assert [record for record in outcome.records if record.recovered is None] == []
    assert {record.strike.kind for record in outcome.records} >= {"coordinator", "redis", "worker", "job"}
