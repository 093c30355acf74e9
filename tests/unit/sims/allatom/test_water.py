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


def test_pythons_generator_is_left_as_it_was(peptide):
    random.seed(11)
    expected = random.random()
    random.seed(11)
    topology, positions = add_water(peptide, charmm36m(), 0.3, 0.15, seed=2)
    assert random.random() == expected
    assert topology.getNumAtoms() == len(positions)
