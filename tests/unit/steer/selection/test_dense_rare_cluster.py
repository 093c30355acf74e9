"""What `docs/selection.md` says of rare clusters that are dense: who finds them and who does not."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def far_and_dense():
    """5,000 common frames and, eight of their spreads away, 100 within a hundredth of one."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(5000, 2))
    return np.concatenate([common, np.array([8.0, 0.0]) + 0.01 * rng.normal(size=(100, 2))]), common[:12]


@pytest.mark.parametrize("rule", ["farthest_point", "ucb", "dynim", "dynim_batch", "mixture"])
def test_rules_of_distance_find_it(pick, far_and_dense, rule):
    candidates, selected = far_and_dense
    assert pick(rule, candidates, selected, 20).indices.max() >= 5000


@pytest.mark.parametrize("rule", ["knn_density", "least_counts"])
def test_rules_of_density_and_of_counts_overlook_it(pick, far_and_dense, rule):
    candidates, selected = far_and_dense
    assert pick(rule, candidates, selected, 20).indices.max() < 5000


def test_the_outlier_factor_overlooks_all_but_its_fringe(pick, far_and_dense):
    candidates, selected = far_and_dense
    assert (pick("outlier_factor", candidates, selected, 20).indices >= 5000).sum() < 5
