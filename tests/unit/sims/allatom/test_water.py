import random

import numpy as np
import pytest

from sims.allatom.charmm import charmm36m
from sims.allatom.water import add_water, box_edge


def test_the_edge_holds_the_solute_however_it_turns():
    rod = np.array([(0, 0, 0), (4.0, 0, 0)])
    assert box_edge(rod, 1.0) == pytest.approx(6.0)
    turned = np.array([(0, 0, 0), (4 / 3**0.5,) * 3])
    assert box_edge(turned, 1.0) == pytest.approx(6.0)


def test_a_small_box_still_holds_the_cutoff_when_it_shrinks():
    assert box_edge(np.zeros((1, 3)), 0.1) >= 2 * 1.2 * 1.05


def test_the_seed_decides_which_waters_become_ions(peptide, in_water):
    """And Python's own generator is left as it was."""
    random.seed(11)
    expected = random.random()
    random.seed(11)
    first, second = (add_water(peptide, charmm36m(), 0.65, 1.0, seed)[1] for seed in (1, 2))
    assert random.random() == expected
    np.testing.assert_array_equal(first, in_water.positions)
    assert not np.array_equal(second, first)
