"""From names in a campaign file to numbers on frames."""

from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest

from sims.collective import KINDS
from sims.landscapes import LANDSCAPES, make_landscape
from sims.landscapes.beads import WalkerBeads
from sims.martini.beadpdb import BeadLabel
from steer.collectives import bind_collectives
from steer.config.collective import BEADS, CollectiveVariable
from steer.config.schema import LANDSCAPE_FEATURES, LandscapeName
from steer.exceptions import ConfigError
from steer.jobs.train import featurizer

LABELS = tuple(BeadLabel("BB", "ALA", str(number), "A", number) for number in range(1, 6))
MOLECULE = SimpleNamespace(labels=LABELS, positions=np.array([[float(i), i % 2, 0.0] for i in range(5)]))


def wanted(**keys) -> CollectiveVariable:
    return CollectiveVariable.model_validate({"name": "x", **keys})


def test_they_are_measured_by_name_in_the_order_of_the_file():
    bound = bind_collectives(
        [wanted(kind="distance", beads=["A:1:BB", 3]), wanted(name="far", kind="rmsd")], MOLECULE
    )
    assert list(bound) == ["x", "far"]
    frames = np.array([MOLECULE.positions])
    assert bound["x"](frames) == pytest.approx([2.0])
    assert bound["far"](frames) == pytest.approx([0.0], abs=1e-7)


def test_a_bead_that_is_not_there_names_the_section_and_the_nearest_bead():
    with pytest.raises(
        ConfigError, match=r"collective x\.beads: there is no bead '7:BB'; did you mean '\d:BB'"
    ):
        bind_collectives([wanted(kind="distance", beads=["1:BB", "7:BB"])], MOLECULE)


def test_the_file_knows_the_kinds_and_the_landscapes_that_there_are():
    assert BEADS == KINDS
    assert set(get_args(LandscapeName)) == set(LANDSCAPES)


def test_the_file_knows_by_how_many_features_a_landscape_is_seen():
    beads = {name: WalkerBeads(make_landscape(name)) for name in LANDSCAPES}
    assert {name: featurizer(beads[name].labels).n_features for name in LANDSCAPES} == LANDSCAPE_FEATURES
