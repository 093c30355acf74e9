"""Independent lines of descent."""

import numpy as np

from steer.coverage.families import families_of, founders
from steer.coverage.resampling import family_halves
from steer.journal import Promotion, Seed, Simulation


def simulation(id: str, seed: int | None) -> Simulation:
    return Simulation(id, "aa" if id.startswith("aa") else "cg", 0, seed, 1, 100, True, "done")


SIMULATIONS = [
    simulation("cg-000001", 1),
    simulation("cg-000002", 1),
    simulation("cg-000003", 2),
    simulation("aa-000001", None),
    simulation("cg-000004", 3),
]
SEEDS = [
    Seed(1, "input", 0, "s.pdb"),
    Seed(2, "cg", 1, "f.pdb", "cg-000001", 10),
    Seed(3, "aa", 2, "e.pdb", "aa-000001", 10),
]
PROMOTIONS = [Promotion("aa-000001", "cg-000003", 40, 3, 1, "farthest_point", 1.0, 0)]


def test_descent_goes_through_frames_and_refinements_to_the_first_simulation():
    assert founders(SEEDS, SIMULATIONS, PROMOTIONS) == {
        "cg-000001": "cg-000001",
        "cg-000002": "cg-000002",
        "cg-000003": "cg-000001",
        "aa-000001": "cg-000001",
        "cg-000004": "cg-000001",
    }


def test_descent_does_not_depend_on_the_order_of_the_journal():
    backwards = founders(SEEDS, SIMULATIONS[::-1], PROMOTIONS)
    assert backwards == founders(SEEDS, SIMULATIONS, PROMOTIONS)


def test_frames_belong_to_the_family_of_their_simulation():
    founder = founders(SEEDS, SIMULATIONS, PROMOTIONS)
    assert families_of(np.array([4, 4, 2, 3, 9]), founder).tolist() == [1, 1, 2, 1, 9]


def test_a_family_is_in_a_half_whole_or_not_at_all():
    family = np.array([0, 1, 2, 3, 0, 0, 1, 2])
    halves = family_halves(family, np.array([True] * 4 + [False] * 4), 50, seed=0)
    for half in halves:
        assert {bool(half[i]) for i in (0, 4, 5)} in ({True}, {False})
        assert half[1] == half[6]
    assert halves[:, 3].all()
    assert 0 < halves[:, 0].mean() < 1
