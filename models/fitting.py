"""What every trainer does before and after its own part: prepare the features, orient the model, keep the record."""

from __future__ import annotations

import importlib.metadata
import itertools
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.alignment import agreement, principal_axes, procrustes
from models.autoencoder import Autoencoder
from models.exceptions import TrainingError
from models.network import Network
from models.protocols import Featurizer, LatentModel, Scaling
from models.slowness import SlowMotions, pairs_among, slow_motions
from models.standardisation import Standardisation

__all__ = ["TrainingSet", "finished", "prepare"]

Model = TypeVar("Model", bound=Autoencoder)

_LEAST_FRAMES = 20
_BLOCK = 4096
_RUNS = 10
_HELD_OUT = 0.1
_ALIGNMENT_FRAMES = 20_000


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Standardised features, and which of them are held out.

    Attributes
    ----------
    standardisation : Standardisation
    training : ndarray, shape (n, n_features), float32
    validation : ndarray, shape (m, n_features), float32
    scaling : {"kind", "each", "slow"}
        How features are brought to one scale.
    slow : SlowMotions or None
        With "slow": what encoder and decoder see instead of the features.
    started : float
        Reading of the monotonic clock, for the record only.
    """

    standardisation: Standardisation
    training: NDArray[np.float32]
    validation: NDArray[np.float32]
    scaling: Scaling
    slow: SlowMotions | None
    started: float

    def seen(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What encoder and decoder are trained on and judged by: features, or the slow motions among them."""
        if self.slow is None:
            return self.training, self.validation
        return self.slow.of(self.training), self.slow.of(self.validation)

    def over_features(self, encoder: Network, decoder: Network) -> tuple[Network, Network]:
        """Encoder and decoder of what is `seen`, as encoder and decoder of standardised features."""
        if self.slow is None:
            return encoder, decoder
        return encoder.after(self.slow.there, self.slow.shift), decoder.then(self.slow.back, self.slow.centre)


def prepare(
    featurizer: Featurizer,
    n_latents: int,
    positions: NDArray[np.floating],
    previous: LatentModel | None,
    seed: int,
    scaling: Scaling,
    following: NDArray[np.int64] | None,
    most: int | None = None,
) -> TrainingSet:
    """Check that training can start; featurise, hold out and standardise.

    Frames lie in the order in which they came, and neighbours are alike: a tenth is held out as ten unbroken runs, one
    somewhere in each tenth of the frames, so that validation frames are not copies of training frames.

    `most` is how many slow motions are wanted at most, where features are scaled by them.

    Raises
    ------
    TrainingError
        When there are too few frames or pairs, they do not differ, or the dimensions do not fit.
    FeatureError
        When the frames do not fit the featurizer.
    """
    started = time.monotonic()
    if len(positions) < _LEAST_FRAMES:
        raise TrainingError(
            f"{len(positions)} frames are too few to learn from; at least {_LEAST_FRAMES} are needed."
        )
    if not 1 <= n_latents <= featurizer.n_features:
        raise TrainingError(f"{n_latents} latent dimensions do not fit {featurizer.n_features} features.")
    if previous is not None and previous.n_latents != n_latents:
        raise TrainingError(
            f"Version {previous.version} has {previous.n_latents} latent dimensions and cannot be aligned with"
            f" {n_latents}; train without a previous version."
        )
    held_out = _held_out(len(positions), seed)
    rows = np.flatnonzero(~held_out)
    training = _features(featurizer, positions, rows)
    validation = _features(featurizer, positions, np.flatnonzero(held_out))
    try:
        standardisation = Standardisation.of(training, None if scaling == "each" else featurizer.kinds)
    except ValueError as error:
        raise TrainingError(
            f"There is nothing to learn from these {len(positions)} frames: {error}."
        ) from error
    for part in (training, validation):
        for first in range(0, len(part), _BLOCK):
            part[first : first + _BLOCK] = standardisation.apply(part[first : first + _BLOCK])
    slow = None
    if scaling == "slow":
        slow = slow_motions(training, pairs_among(rows, len(positions), following), n_latents, most)
    return TrainingSet(standardisation, training, validation, scaling, slow, started)


def finished(
    model: Model,
    data: TrainingSet,
    positions: NDArray[np.floating],
    previous: LatentModel | None,
    record: dict[str, Any],
    packages: Sequence[str],
) -> Model:
    """The model, oriented and with its statistics.

    A first version is laid along its principal axes; a later one is aligned to `previous` over the same frames.
    `packages` are the libraries whose versions belong on record.
    """
    latents = model.encode_features(data.training)
    if previous is None:
        model = model.moved(principal_axes(latents))
        alignment: dict[str, Any] = {"aligned_to": 0}
    else:
        model, alignment = _aligned(model, positions, previous)
    return model.recorded(
        frames=len(positions),
        features=data.training.shape[1],
        scaling=data.scaling,
        **record,
        **_quality(model, data),
        **(data.slow.record if data.slow else {}),
        **alignment,
        seconds=round(time.monotonic() - data.started, 3),
        libraries=_libraries(packages),
    )


def _features(
    featurizer: Featurizer, positions: NDArray[np.floating], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Features of these frames; of a million frames neither they nor their positions are there twice."""
    features = np.empty((len(rows), featurizer.n_features), np.float32)
    for first in range(0, len(rows), _BLOCK):
        features[first : first + _BLOCK] = featurizer.transform(positions[rows[first : first + _BLOCK]])
    return features


def _held_out(count: int, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng([seed, 1])
    edges = np.linspace(0, count, _RUNS + 1).astype(int)
    chosen = np.zeros(count, bool)
    for first, last in itertools.pairwise(edges):
        length = max(1, round(_HELD_OUT * (last - first)))
        start = int(rng.integers(first, last - length + 1))
        chosen[start : start + length] = True
    return chosen


def _aligned(
    model: Model, positions: NDArray[np.floating], previous: LatentModel
) -> tuple[Model, dict[str, Any]]:
    rows = np.linspace(0, len(positions) - 1, min(len(positions), _ALIGNMENT_FRAMES)).astype(int)
    frames = positions[rows]
    old, new = previous.encode(frames), model.encode(frames)
    move = procrustes(new, old)
    record = {"aligned_to": previous.version, "alignment_agreement": agreement(move.apply(new), old)}
    return model.moved(move), record


def _quality(model: Autoencoder, data: TrainingSet) -> dict[str, Any]:
    errors = model.feature_errors(data.training).astype(np.float64)
    unexplained = errors.mean() / float(
        np.einsum("ij,ij->", data.training, data.training) / data.training.size
    )
    spread = model.encode_features(data.training).astype(np.float64).var(axis=0)
    return {
        "decode_error": float(errors.mean()),
        "validation_decode_error": float(model.feature_errors(data.validation).mean(dtype=np.float64)),
        "explained_variance": 1.0 - float(unexplained),
        "latent_variance": [float(value) for value in spread],
    }


def _mean_square(features: NDArray[np.float32]) -> float:
    return float(np.einsum("ij,ij->i", features, features).sum(dtype=np.float64) / features.size)


def _libraries(packages: Sequence[str]) -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in packages
    }
