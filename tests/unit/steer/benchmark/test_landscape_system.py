"""Whether a landscape looks to the coordinator as it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from sims.landscapes import LANDSCAPES, embed, make_landscape
from sims.landscapes.engine import ToyOptions
from steer.benchmark.landscape_system import LandscapeSystem


@pytest.mark.parametrize("name", LANDSCAPES)
def test_features_of_two_points_differ_as_much_as_the_points_lie_apart(name: str) -> None:
    landscape = make_landscape(name)
    low, high = np.transpose(landscape.bounds)
    points = np.random.default_rng(3).uniform(low, high, (200, len(low)))
    features = LandscapeSystem(landscape, ToyOptions()).features.transform(embed(landscape, points))
    ratios = pdist(features.astype(float)) / pdist(points)
    assert np.abs(ratios / np.median(ratios) - 1).max() < 0.25
