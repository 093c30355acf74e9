"""Conformance: what every latent model and its trainer must do, whatever they are inside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conformance.hinge import HingeFrames, hinge_walk

from models.exceptions import FeatureError, ModelFileError, TrainingError
from models.features import BeadFeatures
from models.protocols import LatentModel, LatentTrainer, Scaling
from models.registry import KINDS, load_model, make_trainer

EPOCHS = 15


@pytest.fixture(
    scope="module",
    params=[*((kind, "kind") for kind in KINDS), ("pca", "slow"), ("vae", "slow")],
    ids="-".join,
)
def case(request: pytest.FixtureRequest) -> tuple[str, Scaling]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def kind(case: tuple[str, Scaling]) -> str:
    return case[0]


@pytest.fixture(scope="module")
def trainer(case: tuple[str, Scaling], featurizer: BeadFeatures) -> LatentTrainer:
    return make_trainer(case[0], featurizer, n_latents=3, epochs=EPOCHS, scaling=case[1])


@pytest.fixture(scope="module")
def model(trainer: LatentTrainer, frames: HingeFrames) -> LatentModel:
    return trainer.fit(frames.positions, version=1, seed=5)


def test_it_knows_what_it_is(model: LatentModel, kind: str, featurizer: BeadFeatures) -> None:
    assert (model.name, model.version, model.n_latents) == (kind, 1, 3)
    assert model.featurizer.definition() == featurizer.definition()


def test_latents_have_the_promised_shape_and_are_finite(model: LatentModel) -> None:
    for count in (0, 1, 2500):
        latents = model.encode(hinge_walk(count, 8).positions)
        assert latents.shape == (count, 3)
        assert latents.dtype == np.float32
        assert np.isfinite(latents).all()


def test_a_frame_is_encoded_alike_alone_and_among_others(model: LatentModel, frames: HingeFrames) -> None:
    alone = np.concatenate([model.encode(frame[None]) for frame in frames.positions[:5]])
    np.testing.assert_allclose(alone, model.encode(frames.positions)[:5], atol=1e-5)


def test_turned_frames_have_the_same_latents(model: LatentModel, frames: HingeFrames) -> None:
    turned = frames.positions @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]) + 3
    np.testing.assert_allclose(model.encode(turned), model.encode(frames.positions), atol=1e-3)


def test_the_same_seed_gives_the_same_model(
    trainer: LatentTrainer, model: LatentModel, frames: HingeFrames
) -> None:
    again = trainer.fit(frames.positions, version=1, seed=5)
    np.testing.assert_array_equal(again.encode(frames.positions), model.encode(frames.positions))
    np.testing.assert_array_equal(again.decode_error(frames.positions), model.decode_error(frames.positions))


def test_broken_frames_decode_worse_than_sound_ones(model: LatentModel) -> None:
    sound = hinge_walk(100, 9).positions
    broken = sound + np.random.default_rng(0).normal(0, 0.5, sound.shape).astype(np.float32)
    errors = model.decode_error(sound)
    assert errors.shape == (100,)
    assert errors.dtype == np.float32
    assert np.quantile(model.decode_error(broken), 0.05) > np.quantile(errors, 0.95)


def test_the_first_latent_dimension_carries_most(model: LatentModel, frames: HingeFrames) -> None:
    spread = model.encode(frames.positions).var(axis=0)
    assert (np.diff(spread) < 0.2 * spread[0]).all()


def test_statistics_hold_what_was_promised(
    model: LatentModel, case: tuple[str, Scaling], frames: HingeFrames
) -> None:
    statistics = model.statistics()
    assert json.loads(json.dumps(statistics, allow_nan=False)) == statistics
    assert statistics["frames"] == 300
    assert statistics["features"] == model.featurizer.n_features
    assert statistics["seed"] == 5
    assert statistics["scaling"] == case[1]
    assert statistics["aligned_to"] == 0
    assert 1 <= statistics["best_epoch"] <= statistics["epochs"] <= EPOCHS
    assert len(statistics["training_losses"]) == len(statistics["validation_losses"]) == statistics["epochs"]
    assert 0.2 < statistics["explained_variance"] < 1
    assert statistics["decode_error"] == pytest.approx(model.decode_error(frames.positions).mean(), rel=0.1)
    assert len(statistics["latent_variance"]) == 3
    assert statistics["libraries"]["numpy"] == np.__version__
    assert statistics["seconds"] >= 0


def test_progress_is_told_and_may_end_the_training(trainer: LatentTrainer, frames: HingeFrames) -> None:
    heard: list[tuple[int, int, float]] = []

    def listen(epoch: int, epochs: int, loss: float) -> None:
        heard.append((epoch, epochs, loss))
        if epoch == min(3, epochs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.fit(frames.positions, version=1, seed=1, progress=listen)
    assert [epoch for epoch, _, _ in heard] == list(range(1, len(heard) + 1))
    assert np.isfinite([loss for _, _, loss in heard]).all()


def test_it_comes_back_from_disk_to_the_last_bit(
    model: LatentModel, frames: HingeFrames, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "0001"
    model.save(folder)
    model.save(folder)
    again = load_model(folder)
    assert type(again) is type(model)
    assert (again.version, again.statistics()) == (model.version, model.statistics())
    np.testing.assert_array_equal(again.encode(frames.positions), model.encode(frames.positions))
    np.testing.assert_array_equal(again.decode_error(frames.positions), model.decode_error(frames.positions))
    assert sorted(path.name for path in folder.parent.rglob("*")) == [
        "0001",
        "model.json",
        "weights.safetensors",
    ]


def test_a_version_is_never_overwritten(
    trainer: LatentTrainer, model: LatentModel, frames: HingeFrames, tmp_path: Path
) -> None:
    model.save(tmp_path / "0001")
    other = trainer.fit(frames.positions[:200], version=1, seed=6)
    with pytest.raises(ModelFileError, match="never overwritten"):
        other.save(tmp_path / "0001")
    np.testing.assert_array_equal(
        load_model(tmp_path / "0001").encode(frames.positions), model.encode(frames.positions)
    )


def test_the_next_version_is_laid_upon_the_last(
    trainer: LatentTrainer, model: LatentModel, frames: HingeFrames
) -> None:
    more = np.concatenate([frames.positions, hinge_walk(100, 10).positions])
    alone = trainer.fit(more, version=2, seed=6)
    aligned = trainer.fit(more, version=2, seed=6, previous=model)
    old = model.encode(frames.positions)
    moved = np.square(aligned.encode(frames.positions) - old).mean()
    assert moved < 0.5 * old.var()
    assert moved <= np.square(alone.encode(frames.positions) - old).mean() + 1e-6
    np.testing.assert_allclose(aligned.decode_error(more), alone.decode_error(more), rtol=1e-3, atol=1e-4)
    statistics = aligned.statistics()
    assert statistics["aligned_to"] == 1
    assert 0.5 < statistics["alignment_agreement"] <= 1


def test_distances_survive_alignment(trainer: LatentTrainer, model: LatentModel, frames: HingeFrames) -> None:
    alone = trainer.fit(frames.positions, version=2, seed=6).encode(frames.positions)
    aligned = trainer.fit(frames.positions, version=2, seed=6, previous=model).encode(frames.positions)
    np.testing.assert_allclose(
        np.linalg.norm(aligned - aligned[0], axis=1), np.linalg.norm(alone - alone[0], axis=1), atol=1e-3
    )


def test_training_that_cannot_start_says_why(
    kind: str, trainer: LatentTrainer, model: LatentModel, featurizer: BeadFeatures, frames: HingeFrames
) -> None:
    with pytest.raises(TrainingError, match="too few"):
        trainer.fit(frames.positions[:5], version=1, seed=0)
    with pytest.raises(TrainingError, match="differs"):
        trainer.fit(np.repeat(frames.positions[:1], 100, axis=0), version=1, seed=0)
    with pytest.raises(TrainingError, match="cannot be aligned"):
        make_trainer(kind, featurizer, n_latents=2).fit(frames.positions, version=2, seed=0, previous=model)
    with pytest.raises(TrainingError, match="do not fit"):
        make_trainer(kind, featurizer, n_latents=500).fit(frames.positions, version=1, seed=0)
    with pytest.raises(FeatureError):
        trainer.fit(frames.positions[:, :10], version=1, seed=0)
    with pytest.raises(FeatureError):
        trainer.fit(frames.positions * np.nan, version=1, seed=0)


def test_encoding_needs_no_torch(model: LatentModel, tmp_path: Path) -> None:
    model.save(tmp_path / "0001")
    program = (
        "import sys, numpy, pathlib; from models.registry import load_model\n"
        "model = load_model(pathlib.Path(sys.argv[1]))\n"
        "model.decode_error(numpy.random.default_rng(0).normal(size=(4, 20, 3)))\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path / "0001"], check=False).returncode == 0


def test_an_unknown_kind_is_refused(featurizer: BeadFeatures) -> None:
    with pytest.raises(TrainingError, match="pca, vae"):
        make_trainer("vampnet", featurizer, n_latents=2)
