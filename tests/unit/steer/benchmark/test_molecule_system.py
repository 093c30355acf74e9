from __future__ import annotations

import pickle

import numpy as np
import pytest

from sims.references import REFERENCES
from steer.benchmark.molecule_system import MoleculeSystem
from steer.benchmark.problems import PROBLEMS


def test_every_reference_molecule_is_a_problem():
    assert set(REFERENCES) <= set(PROBLEMS)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_target_is_a_state_that_is_rare_and_not_the_start(name):
    problem = PROBLEMS[name]
    molecule = problem.system.molecule
    assert molecule.known.populations[problem.target] < 0.05
    (start,) = problem.system.states(molecule.coordinates(molecule.start[None]))
    assert start != problem.target


@pytest.mark.parametrize("name", REFERENCES)
def test_it_goes_to_another_process(name):
    system = MoleculeSystem(name)
    assert system.molecule.n_beads == system.beads.n_beads
    again = pickle.loads(pickle.dumps(system))  # noqa: S301
    assert again == system
    assert hash(again) == hash(system)


@pytest.mark.parametrize("name", REFERENCES)
def test_features_tell_a_shape_from_its_mirror_image(name):
    system = MoleculeSystem(name)
    start = np.asarray(system.beads.positions)[None]
    features = system.features.transform(np.concatenate([start, start * [1, 1, -1]]))
    assert np.abs(features[0] - features[1]).max() > 0.1
