"""Principal components of the features: the honest baseline, behind the same seam as the autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.autoencoder import Autoencoder
from models.fitting import TrainingSet, finished, prepare
from models.network import Layer, Network
from models.protocols import Featurizer, LatentModel, Scaling, TrainingProgress

__all__ = ["PcaModel", "PcaTrainer"]

_LEAST_VARIANCE = 1e-8


@dataclass(frozen=True, eq=False)
class PcaModel(Autoencoder):
    """The leading principal components of standardised features, as one affine map there and one back.

    With features scaled as "slow" they are the time-lagged independent components (`models.slowness`).

    All components are divided by the spread of the first, so that distances are comparable with those of the
    autoencoder while a component that carries little stays short.
    """

    name: ClassVar[str] = "pca"


@dataclass(frozen=True)
class PcaTrainer:
    """Finds the principal components of frames.

    Parameters
    ----------
    featurizer : Featurizer
        Frames to features.
    n_latents : int
        Components to keep.
    scaling : {"kind", "each", "slow"}
        How features are brought to one scale, see `models.protocols.Scaling`.
    """

    featurizer: Featurizer
    n_latents: int
    scaling: Scaling = "kind"

    @property
    def lagged(self) -> bool:
        """Whether it learns from pairs of frames."""
        return self.scaling == "slow"

    def fit(
        self,
        positions: NDArray[np.floating],
        *,
        version: int,
        seed: int,
        previous: LatentModel | None = None,
        following: NDArray[np.int64] | None = None,
        progress: TrainingProgress | None = None,
    ) -> PcaModel:
        """Fit to frames (n_frames, n_beads, 3) in nm; see `LatentTrainer.fit`. `seed` only chooses what is held out."""
        # Of slow motions the slowest are wanted; among more of them the widest would be found.
        data = prepare(
            self.featurizer,
            self.n_latents,
            positions,
            previous,
            seed,
            self.scaling,
            following,
            most=self.n_latents,
        )
        there, back = data.over_features(*_principal_components(data.seen()[0], self.n_latents))
        model = PcaModel(version, self.featurizer, data.standardisation, there, back, {})
        record = _record(model, data, seed)
        if progress is not None:
            progress(1, 1, record["validation_losses"][0])
        return finished(model, data, positions, previous, record, ("numpy",))


def _principal_components(features: NDArray[np.float32], n_latents: int) -> tuple[Network, Network]:
    """Affine maps from features, shape (n, n_features), to their leading components, and back."""
    centre = features.mean(axis=0, dtype=np.float64)
    covariance = (features.T @ features).astype(np.float64) / len(features) - np.outer(centre, centre)
    variances, vectors = np.linalg.eigh(covariance)
    axes, unit = vectors[:, ::-1][:, :n_latents], np.sqrt(max(variances[-1], _LEAST_VARIANCE))
    encoder = Layer((axes / unit).astype(np.float32), (-centre @ axes / unit).astype(np.float32))
    decoder = Layer((axes.T * unit).astype(np.float32), centre.astype(np.float32))
    return Network((encoder,)), Network((decoder,))


def _record(model: PcaModel, data: TrainingSet, seed: int) -> dict[str, Any]:
    training, validation = (
        float(model.feature_errors(part).mean(dtype=np.float64)) for part in (data.training, data.validation)
    )
    return {
        "epochs": 1,
        "best_epoch": 1,
        "training_losses": [training],
        "validation_losses": [validation],
        "seed": seed,
    }
