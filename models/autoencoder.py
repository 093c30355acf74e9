"""A frozen encoder and decoder over standardised features: what every latent model here is once it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.alignment import RigidMap
from models.exceptions import FeatureError, ModelFileError
from models.features import featurizer_from_definition
from models.network import Network
from models.protocols import Featurizer
from models.standardisation import Standardisation
from models.store import StoredModel, read_model, write_model

__all__ = ["Autoencoder"]

_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A frozen latent model: featurise, standardise, encode; and back to the features.

    Subclasses give it a name and say how it is trained; all they compute is here, in numpy.

    Parameters
    ----------
    version : int
        From 1.
    featurizer : Featurizer
        Frames to features.
    standardisation : Standardisation
        Features to one scale.
    encoder, decoder : Network
        Standardised features to latents and back.
    record : dict
        Training statistics, JSON types.

    Raises
    ------
    ValueError
        When the parts do not fit together.
    """

    name: ClassVar[str]

    version: int
    featurizer: Featurizer
    standardisation: Standardisation
    encoder: Network
    decoder: Network
    record: dict[str, Any]

    def __post_init__(self) -> None:
        inner = {self.encoder.n_outputs, self.decoder.n_inputs}
        outer = {len(self.standardisation.mean), self.encoder.n_inputs, self.decoder.n_outputs}
        if len(inner) != 1 or outer != {self.featurizer.n_features}:
            raise ValueError(
                f"encoder, decoder and standardisation do not fit {self.featurizer.n_features} features"
                f" (features: {sorted(outer)}, latent dimensions: {sorted(inner)})"
            )

    @property
    def n_latents(self) -> int:
        """Dimensions of the latent space."""
        return self.encoder.n_outputs

    def encode(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Latent points of frames.

        Parameters
        ----------
        positions : ndarray, shape (n_frames, n_beads, 3)
            nm, molecules whole.

        Returns
        -------
        ndarray, shape (n_frames, n_latents), float32

        Raises
        ------
        FeatureError
            When the frames do not fit the featurizer.
        """
        return _gather(positions, (self.n_latents,), lambda block: self.encoder.apply(self._features(block)))

    def decode_error(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """How badly frames, shape (n_frames, n_beads, 3) in nm, are reconstructed.

        Returns
        -------
        ndarray, shape (n_frames,), float32
            Mean squared error over standardised features: 1 is as bad as answering the mean of the training frames.

        Raises
        ------
        FeatureError
            When the frames do not fit the featurizer.
        """
        return _gather(positions, (), lambda block: self._block_errors(self._features(block)))

    def encode_with_errors(
        self, positions: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latent points and decode errors, as `encode` and `decode_error` have them, from one look at the frames.

        Parameters
        ----------
        positions : ndarray, shape (n_frames, n_beads, 3)
            nm, molecules whole.

        Returns
        -------
        ndarray, shape (n_frames, n_latents), float32
        ndarray, shape (n_frames,), float32

        Raises
        ------
        FeatureError
            When the frames do not fit the featurizer.
        """
        points = np.empty((len(positions), self.n_latents), np.float32)
        errors = np.empty(len(positions), np.float32)
        for first in range(0, max(len(positions), 1), _BLOCK):
            block = slice(first, first + _BLOCK)
            features = self._features(positions[block])
            points[block] = self.encoder.apply(features)
            errors[block] = self._missed(features, points[block])
        return points, errors

    def encode_features(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latent points, shape (n, n_latents), of standardised features of shape (n, n_features)."""
        return _gather(standardised, (self.n_latents,), self.encoder.apply)

    def feature_errors(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean squared errors, shape (n,), of standardised features of shape (n, n_features)."""
        return _gather(standardised, (), self._block_errors)

    def _block_errors(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._missed(standardised, self.encoder.apply(standardised))

    def _missed(self, standardised: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
        missed = self.decoder.apply(points)
        missed -= standardised
        return np.asarray(np.einsum("ij,ij->i", missed, missed) / missed.shape[1], np.float32)

    def moved(self, by: RigidMap) -> Self:
        """The same model with its latent space rotated and shifted; what it decodes stays the same."""
        back = by.inverse()
        encoder, decoder = (
            self.encoder.then(by.rotation, by.shift),
            self.decoder.after(back.rotation, back.shift),
        )
        return replace(self, encoder=encoder, decoder=decoder)

    def recorded(self, **statistics: Any) -> Self:
        """The same model with these training statistics added."""
        return replace(self, record={**self.record, **statistics})

    def statistics(self) -> dict[str, Any]:
        """Training statistics as JSON types; the keys stand with `LatentModel.statistics`."""
        return dict(self.record)

    def save(self, directory: Path) -> None:
        """Write ``weights.safetensors`` and ``model.json`` (atomically: a folder is whole or absent).

        Raises
        ------
        ModelFileError
            When `directory` holds another model already.
        """
        tensors = {
            "standardisation.mean": self.standardisation.mean,
            "standardisation.spread": self.standardisation.spread,
            **self.encoder.tensors("encoder"),
            **self.decoder.tensors("decoder"),
        }
        definition = self.featurizer.definition()
        write_model(
            directory, StoredModel(self.name, self.version, self.n_latents, definition, self.record, tensors)
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ModelFileError
            When it is incomplete, damaged, or another kind of model.
        """
        stored = read_model(directory)
        if stored.name != cls.name:
            raise ModelFileError(
                directory, f"This is a {stored.name!r} model; a {cls.name!r} model was expected."
            )
        try:
            model = cls._from_stored(stored)
        except (FeatureError, KeyError, ValueError) as error:
            raise ModelFileError(
                directory, f"The parts of the model do not fit together: {error}."
            ) from error
        if model.n_latents != stored.n_latents:
            raise ModelFileError(
                directory, f"{stored.n_latents} latents were announced, {model.n_latents} found."
            )
        return model

    @classmethod
    def _from_stored(cls, stored: StoredModel) -> Self:
        tensors = stored.tensors
        return cls(
            stored.version,
            featurizer_from_definition(stored.featurizer),
            Standardisation(tensors["standardisation.mean"], tensors["standardisation.spread"]),
            Network.from_tensors("encoder", tensors),
            Network.from_tensors("decoder", tensors),
            stored.statistics,
        )

    def _features(self, block: NDArray[np.floating]) -> NDArray[np.float32]:
        return self.standardisation.apply(self.featurizer.transform(block))


def _gather(
    rows: NDArray[Any], shape: tuple[int, ...], compute: Callable[[NDArray[Any]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Results of blocks of rows, together; no more than a block's intermediate arrays lie in memory at once."""
    results = np.empty((len(rows), *shape), np.float32)
    for first in range(0, max(len(rows), 1), _BLOCK):
        block = slice(first, first + _BLOCK)
        results[block] = compute(rows[block])
    return results
