"""What the scaling of features does to a map: a chain of which one dihedral swings and all others tremble."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.hinge import hinge_walk

from models.features import BeadFeatures
from models.registry import KINDS, make_trainer


def share_of_the_hinge(kind: str, scaling: str) -> float:
    """How much of what two latents vary is explained by the hinge: by which of ten parts of its range it is in."""
    frames = hinge_walk(1000, 3)
    coiled = frames.state == 0
    featurizer = BeadFeatures(20, [], [range(i, i + 4) for i in range(17)])
    trainer = make_trainer(kind, featurizer, n_latents=2, epochs=10, scaling=scaling)
    latents = trainer.fit(frames.positions[coiled], version=1, seed=0).encode(frames.positions[coiled])
    part = np.digitize(frames.hinge[coiled], np.linspace(-1, 1, 11))
    within = sum(((latents[part == i] - latents[part == i].mean(axis=0)) ** 2).sum() for i in np.unique(part))
    return float(1 - within / ((latents - latents.mean(axis=0)) ** 2).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_one_spread_for_a_kind_lets_the_wide_motion_have_the_map(kind: str) -> None:
    assert share_of_the_hinge(kind, "kind") > 0.9


@pytest.mark.parametrize("kind", ["pca", "vae"])
def test_with_a_spread_for_each_the_trembling_takes_the_map(kind: str) -> None:
    assert share_of_the_hinge(kind, "each") < 0.5
