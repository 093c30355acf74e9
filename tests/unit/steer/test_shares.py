"""The split follows what each level lately contributed for each slot-hour, within bounds."""

from types import SimpleNamespace

import numpy as np
import pytest

from steer.config import Refinement
from steer.discoveries import Discoveries
from steer.shares import FEWEST, Contribution, apportion, contributions

ADAPTIVE = Refinement(share=0.5, share_bounds=(0.2, 0.8))


def lately(cg: float, aa: float, simulations: int = 5) -> dict[str, Contribution]:
    """Cells that each level saw in two slot-hours."""
    return {"cg": Contribution(simulations, cg, 2.0), "aa": Contribution(simulations, aa, 2.0)}


@pytest.mark.parametrize(
    ("cg", "aa", "share"), [(30.0, 70.0, 0.7), (100.0, 1.0, 0.2), (0.0, 5.0, 0.8), (60.0, 40.0, 0.4)]
)
def test_the_share_is_that_of_the_contribution_within_the_bounds(cg, aa, share):
    decided = apportion(ADAPTIVE, lately(cg, aa), None)
    assert decided.share == share
    assert f"{aa / 2:.3g} new cells a slot-hour, CG simulations {cg / 2:.3g}" in decided.reason


def test_it_is_left_alone_for_a_small_change_and_moved_for_a_large_one():
    assert apportion(ADAPTIVE, lately(52.0, 48.0), None) is None
    assert apportion(ADAPTIVE, lately(30.0, 70.0), 0.68) is None
    assert apportion(ADAPTIVE, lately(30.0, 70.0), 0.5).share == 0.7


@pytest.mark.parametrize("known", [{}, lately(1.0, 9.0, FEWEST - 1), lately(0.0, 0.0)])
def test_it_stays_while_too_little_is_known(known):
    assert apportion(ADAPTIVE, known, None) is None


def test_without_bounds_it_stays():
    assert apportion(Refinement(share=0.5), lately(1.0, 9.0), None) is None


def test_half_of_what_a_simulation_from_a_refined_structure_saw_counts_for_refinement():
    cg, aa = Discoveries(), Discoveries()
    cg.cells, aa.cells = np.array([0, 10, 6]), np.array([0, 4])
    ended = {
        "cg": [("cg:cg-000002", 1800.0), ("cg:cg-000001", 1800.0)],
        "refine": [("refine:aa-000001", 7200.0)],
    }
    journal = SimpleNamespace(last_ended=lambda kind, count: ended[kind])
    ledger = SimpleNamespace(
        seeds={1: SimpleNamespace(origin="input"), 2: SimpleNamespace(origin="aa")},
        simulations={"cg-000001": SimpleNamespace(seed=1), "cg-000002": SimpleNamespace(seed=2)},
    )
    assert contributions(journal, ledger, {"cg": cg, "aa": aa}) == {
        "cg": Contribution(2, 10 + 3.0, 1.0),
        "aa": Contribution(1, 4 + 3.0, 2.0),
    }
