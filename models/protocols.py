"""The seams of the learned side: `Featurizer`, `LatentModel` and `LatentTrainer`.

A featurizer turns bead positions into numbers that do not change when the molecule is moved or turned, but do when it
is mirrored. A trainer fits; what it returns is a frozen `LatentModel`, which encodes, knows its version, and can be
saved and loaded without pickle. Trainer and trained are two things, so that a coordinator which only encodes never
touches an optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Featurizer", "LatentModel", "LatentTrainer", "Scaling", "TrainingProgress"]

Scaling = Literal["kind", "each", "slow"]
"""How features are brought to one scale: all of a kind by the spread of the kind; each by its own; or, after the first,
turned into motions that are each as long as they last (`models.slowness`)."""

TrainingProgress = Callable[[int, int, float], None]
"""Called after each epoch with (epoch, epochs, validation loss)."""


class Featurizer(Protocol):
    """Bead positions to invariant features."""

    @property
    def name(self) -> str:
        """Which kind of featurizer, as it stands in `definition`."""

    @property
    def n_beads(self) -> int:
        """Beads of a frame."""

    @property
    def n_features(self) -> int:
        """Numbers it makes of a frame."""

    @property
    def kinds(self) -> tuple[int, ...]:
        """How many of them are of each kind, in their order: distances, angles."""

    def transform(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Features of frames.

        Parameters
        ----------
        positions : ndarray, shape (n_frames, n_beads, 3)
            nm, molecules whole.

        Returns
        -------
        ndarray, shape (n_frames, n_features), float32

        Raises
        ------
        FeatureError
            When the number of beads differs or a coordinate is not finite.
        """

    def definition(self) -> dict[str, Any]:
        """Everything needed to rebuild this featurizer, as JSON types, with its ``name``."""

    @classmethod
    def from_definition(cls, definition: dict[str, Any]) -> Self:
        """Rebuild from `definition`."""


class LatentModel(Protocol):
    """A frozen map from frames to the latent space of one version."""

    @property
    def name(self) -> str:
        """Which kind of model, as the registry knows it: ``vae``, for instance."""

    @property
    def version(self) -> int:
        """Version, from 1. Latent points of two versions are never mixed."""

    @property
    def n_latents(self) -> int:
        """Dimensions of the latent space."""

    @property
    def featurizer(self) -> Featurizer:
        """What turns frames into the numbers that are encoded."""

    def encode(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Latent points, shape (n_frames, n_latents), of frames of shape (n_frames, n_beads, 3) in nm."""

    def decode_error(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """How badly each frame is reconstructed: mean squared error over standardised features, shape (n_frames,)."""

    def encode_with_errors(
        self, positions: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What `encode` and `decode_error` give, from one look at the frames."""

    def statistics(self) -> dict[str, Any]:
        """Training statistics as JSON types; at least these keys.

        ``frames``, ``features``, ``epochs``, ``best_epoch``, ``training_losses`` and ``validation_losses`` (a number
        an epoch), ``decode_error`` and ``validation_decode_error`` (means over the frames trained on and held out; the
        latter is what drift is measured against), ``explained_variance``, ``latent_variance`` (a number a dimension),
        ``aligned_to`` (a version; 0 for none), ``alignment_agreement`` (absent without alignment), ``seconds``,
        ``seed``, ``scaling``, ``libraries``.
        """

    def save(self, directory: Path) -> None:
        """Write ``weights.safetensors`` and ``model.json`` (atomically: a folder is whole or absent).

        Saving the same model again is harmless; a folder that holds anything else is a `ModelFileError`.
        """

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote; raises `ModelFileError` when it is incomplete or damaged."""


class LatentTrainer(Protocol):
    """Fits a latent model to frames."""

    @property
    def lagged(self) -> bool:
        """Whether it learns from pairs of frames, one of which follows the other."""

    def fit(
        self,
        positions: NDArray[np.floating],
        *,
        version: int,
        seed: int,
        previous: LatentModel | None = None,
        following: NDArray[np.int64] | None = None,
        progress: TrainingProgress | None = None,
    ) -> LatentModel:
        """Train on frames (n_frames, n_beads, 3) and return the frozen model.

        `following`, shape (n_frames,), tells for each frame which one its simulation gave next, -1 for none; absent,
        the frames are one trajectory. Only a trainer that is `lagged` looks at it.

        With `previous`, the new latent space is aligned to the old one (orthogonal Procrustes over the same frames),
        so that plots of successive versions do not jump. Same seed, same frames, same machine: same model, to the
        last bit on a CPU. An exception from `progress` ends the training and comes through.

        Raises
        ------
        TrainingError
            When there are too few frames or pairs, they do not differ, `previous` has other dimensions, or the loss is
            not finite.
        FeatureError
            When the frames do not fit the featurizer.
        """
