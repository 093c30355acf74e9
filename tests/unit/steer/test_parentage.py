"""Whose frames led to which discoveries."""

from types import SimpleNamespace

import numpy as np

from steer.discoveries import Discoveries
from steer.parentage import Parentage


def discoveries(cells) -> Discoveries:
    record = Discoveries()
    record.cells = np.array(cells)
    return record


def ledger(**simulations):
    """cg-1 from the input; its frame became cg-2 and was refined as aa-1, whose end became cg-3."""
    return SimpleNamespace(
        seeds={
            1: SimpleNamespace(parent=None),
            2: SimpleNamespace(parent="cg-000001"),
            3: SimpleNamespace(parent="aa-000001"),
        },
        promotions={"aa-000001": SimpleNamespace(source="cg-000001")},
        simulations={
            id: SimpleNamespace(id=id, level=id[:2], seed=seed)
            for id, seed in (("cg-000001", 1), ("cg-000002", 2), ("aa-000001", None), ("cg-000003", 3))
        }
        | simulations,
    )


def test_children_count_for_their_parent_directly_and_through_a_refinement():
    yields = Parentage(ledger()).yields({"cg": discoveries([0, 10, 5, 3]), "aa": discoveries([0, 2])})
    assert yields.starts.tolist() == [0, 3, 0, 0]
    assert yields.gains.tolist() == [0.0, 10 + 5 + 3 + 2, 5.0, 3.0]


def test_it_keeps_level_with_the_ledger_and_with_discoveries_that_lag_or_lead():
    record = ledger()
    parentage = Parentage(record)
    empty = {"cg": discoveries([]), "aa": discoveries([])}
    assert parentage.yields(empty).starts.tolist() == [0, 3, 0, 0]
    record.simulations["cg-000004"] = SimpleNamespace(id="cg-000004", level="cg", seed=2)
    ahead = {"cg": discoveries([0, 0, 0, 0, 7, 1]), "aa": discoveries([0, 0, 4])}
    yields = parentage.yields(ahead)
    assert yields.starts.tolist() == [0, 4, 0, 0, 0, 0]
    assert yields.gains.tolist() == [0.0, 7.0, 0.0, 0.0, 7.0, 1.0]
