import numpy as np
import pytest
import torch
from conformance.hinge import HingeFrames, hinge_frames

from models.exceptions import TrainingError
from models.features import BeadFeatures
from models.protocols import Scaling
from models.training import VaeTrainer


def test_torch_is_left_as_it_was(featurizer: BeadFeatures, frames: HingeFrames) -> None:
    before, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        VaeTrainer(featurizer, 2, epochs=1).fit(frames.positions, version=1, seed=3)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_num_threads(before)


def test_another_state_of_torch_gives_the_same_model(featurizer: BeadFeatures, frames: HingeFrames) -> None:
    latents = []
    for state in (1, 2):
        with torch.random.fork_rng():
            torch.manual_seed(state)
            model = VaeTrainer(featurizer, 2, epochs=2).fit(frames.positions, version=1, seed=3)
        latents.append(model.encode(frames.positions))
    np.testing.assert_array_equal(*latents)


def test_another_seed_gives_another_model(featurizer: BeadFeatures, frames: HingeFrames) -> None:
    one, two = (
        VaeTrainer(featurizer, 2, epochs=2).fit(frames.positions, version=1, seed=seed) for seed in (3, 4)
    )
    assert not np.array_equal(one.encode(frames.positions), two.encode(frames.positions))


def test_no_latent_dimension_collapses(featurizer: BeadFeatures) -> None:
    # With a spread for each feature there is something for four dimensions to show; by kind this chain has two motions.
    trainer = VaeTrainer(featurizer, 4, epochs=40, scaling="each")
    statistics = trainer.fit(hinge_frames(500, 1).positions, version=1, seed=0).statistics()
    assert min(statistics["latent_variance"]) > 0.05
    assert max(statistics["latent_variance"]) < 10


@pytest.mark.parametrize("scaling", ["kind", "each"])
def test_few_features_are_told_as_well_as_many(scaling: Scaling) -> None:
    # A point in a plane and its distances to three others: two latents can tell all of it, and a linear map does.
    positions = np.zeros((600, 4, 3))
    positions[:, :3] = [[-4.0, -4.0, 0.0], [4.0, -4.0, 0.0], [0.0, 4.0, 0.0]]
    positions[:, 3, :2] = np.random.default_rng(0).uniform(-1, 1, (600, 2))
    featurizer = BeadFeatures(4, [(0, 3), (1, 3), (2, 3)], [])
    model = VaeTrainer(featurizer, 2, epochs=40, scaling=scaling).fit(positions, version=1, seed=0)
    assert model.statistics()["explained_variance"] > 0.95
    latents = np.column_stack([model.encode(positions), np.ones(600)])
    missed = np.linalg.lstsq(latents, positions[:, 3, :2])[1] / 600
    assert (missed < 0.1 * positions[:, 3, :2].var(axis=0)).all()


def test_training_ends_when_validation_has_stopped_falling(featurizer: BeadFeatures) -> None:
    noise = np.random.default_rng(0).normal(size=(200, 20, 3))
    statistics = VaeTrainer(featurizer, 2, epochs=100, patience=3).fit(noise, version=1, seed=0).statistics()
    assert statistics["epochs"] < 100
    assert statistics["best_epoch"] == statistics["epochs"] - 3


def test_a_loss_that_is_not_finite_is_an_error(featurizer: BeadFeatures, frames: HingeFrames) -> None:
    with pytest.raises(TrainingError, match="no longer finite"):
        VaeTrainer(featurizer, 2, learning_rate=float("inf")).fit(frames.positions, version=1, seed=0)


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_an_error(
    featurizer: BeadFeatures, frames: HingeFrames, device: str
) -> None:
    with pytest.raises(TrainingError, match=device):
        VaeTrainer(featurizer, 2, device=device).fit(frames.positions, version=1, seed=0)


def test_an_automatic_device_always_works(featurizer: BeadFeatures, frames: HingeFrames) -> None:
    trained = VaeTrainer(featurizer, 2, epochs=1, device="auto").fit(frames.positions, version=1, seed=0)
    assert trained.statistics()["device"] in {"cpu", "cuda"}
