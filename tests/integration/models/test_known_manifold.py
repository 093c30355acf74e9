"""A molecule whose conformations lie on a known curved surface: the map must show its states and its hinge."""

import numpy as np
import pytest
from conformance.hinge import HingeFrames, hinge_frames
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import spearmanr

from models.features import BeadFeatures
from models.protocols import LatentModel
from models.registry import make_trainer


@pytest.fixture(scope="module")
def trained() -> dict[str, LatentModel]:
    featurizer = BeadFeatures.for_molecule(20, [list(range(20))])
    positions = hinge_frames(2000, 0).positions
    return {
        kind: make_trainer(kind, featurizer, n_latents=2).fit(positions, version=1, seed=1)
        for kind in ("vae", "pca")
    }


@pytest.fixture(scope="module")
def unseen() -> HingeFrames:
    return hinge_frames(1000, 99)


def neighbours(latents: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(cKDTree(latents).query(latents, 6)[1][:, 1:])


def test_neighbours_on_the_map_are_of_one_state(trained: dict[str, LatentModel], unseen: HingeFrames) -> None:
    near = neighbours(trained["vae"].encode(unseen.positions))
    assert (unseen.state[near] == unseen.state[:, None]).mean() > 0.99


def test_the_map_tells_where_the_hinge_stands(trained: dict[str, LatentModel], unseen: HingeFrames) -> None:
    near = neighbours(trained["vae"].encode(unseen.positions))
    assert spearmanr(unseen.hinge[near].mean(axis=1), unseen.hinge).statistic > 0.95


def test_each_state_is_a_path_along_the_hinge(trained: dict[str, LatentModel], unseen: HingeFrames) -> None:
    latents = trained["vae"].encode(unseen.positions)
    for state in (0, 1):
        chosen = unseen.state == state
        x, y = latents[chosen].T
        terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)
        weights = np.linalg.lstsq(terms, unseen.hinge[chosen])[0]
        assert spearmanr(terms @ weights, unseen.hinge[chosen]).statistic > 0.95


def test_the_autoencoder_bends_where_principal_components_cannot(
    trained: dict[str, LatentModel], unseen: HingeFrames
) -> None:
    errors = {kind: model.decode_error(unseen.positions).mean() for kind, model in trained.items()}
    assert errors["vae"] < 0.85 * errors["pca"]


def test_it_has_not_learned_the_training_frames_by_heart(
    trained: dict[str, LatentModel], unseen: HingeFrames
) -> None:
    statistics = trained["vae"].statistics()
    assert trained["vae"].decode_error(unseen.positions).mean() < 1.1 * statistics["decode_error"]


def test_versions_trained_apart_show_the_same_map(trained: dict[str, LatentModel]) -> None:
    featurizer = trained["vae"].featurizer
    more = np.concatenate([hinge_frames(2000, 0).positions, hinge_frames(2000, 5).positions])
    trainer = make_trainer("vae", featurizer, n_latents=2)
    following = trainer.fit(more, version=2, seed=2, previous=trained["vae"])
    assert following.statistics()["alignment_agreement"] > 0.9
