"""Which latent models there are. A new one is a new file and a line here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from models.exceptions import ModelFileError, TrainingError
from models.protocols import Featurizer, LatentModel, LatentTrainer, Scaling
from models.store import DOCUMENT, read_model

__all__ = ["KINDS", "load_model", "make_trainer"]


@dataclass(frozen=True)
class _Kind:
    """Where the two halves of a kind of model live, imported when needed: a trainer may want torch, a model may not."""

    model: str
    trainer: str
    options: tuple[str, ...]


_KINDS = {
    "pca": _Kind("models.pca:PcaModel", "models.pca:PcaTrainer", ()),
    "vae": _Kind("models.vae:VaeModel", "models.training:VaeTrainer", ("epochs", "device", "threads")),
}

KINDS = tuple(sorted(_KINDS))
"""Names of the models that can be trained and loaded."""


def make_trainer(
    kind: str,
    featurizer: Featurizer,
    *,
    n_latents: int,
    epochs: int = 100,
    device: str = "cpu",
    threads: int = 1,
    scaling: Scaling = "kind",
) -> LatentTrainer:
    """A trainer for a kind of latent model.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    featurizer : Featurizer
        Frames to features.
    n_latents : int
        Dimensions of the latent space.
    epochs : int
        Passes over the frames at most; a kind that needs none ignores it.
    device : str
        ``cpu``, ``cuda``, ``cuda:1``, or ``auto`` for a GPU when there is one; a kind that needs none ignores it.
    threads : int
        Threads on a CPU.
    scaling : {"kind", "each", "slow"}
        How features are brought to one scale, see `models.protocols.Scaling`.

    Raises
    ------
    TrainingError
        When there is no such kind.
    """
    if kind not in _KINDS:
        raise TrainingError(f"There is no latent model called {kind!r}; known: {', '.join(KINDS)}.")
    offered = {"epochs": epochs, "device": device, "threads": threads}
    options = {name: offered[name] for name in _KINDS[kind].options}
    trainer = _imported(_KINDS[kind].trainer)
    return cast(
        LatentTrainer, trainer(featurizer=featurizer, n_latents=n_latents, scaling=scaling, **options)
    )


def load_model(directory: Path) -> LatentModel:
    """Read a saved model of any kind. Needs no torch.

    Raises
    ------
    ModelFileError
        When it is incomplete, damaged or of an unknown kind.
    """
    name = read_model(directory).name
    if name not in _KINDS:
        raise ModelFileError(
            directory / DOCUMENT, f"There is no model called {name!r}; known: {', '.join(KINDS)}."
        )
    return cast(LatentModel, _imported(_KINDS[name].model).load(directory))


def _imported(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)
