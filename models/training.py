"""Training of the variational autoencoder. The only file of the latent models that imports torch.

The loss of a batch, in nats a feature, is

    log(error) / 2 + beta * sum_k max(KL_k, free) / features

with the mean squared error of the reconstruction and the divergence KL_k of each latent dimension's posterior from the
unit normal prior. The first term is the likelihood under a decoder variance that is always at its optimum (Rybkin et
al., arXiv:2006.13202), so that the balance between the two does not depend on how noisy the molecule is. Three things
keep latent dimensions from collapsing: `beta` (Higgins et al., ICLR 2017) rises from zero during the first fifth of
the epochs, every dimension has some divergence for free (Kingma et al., arXiv:1606.04934), and validation decides.

Where features are few, `beta` is lowered. An error smaller by a factor wins half its logarithm in the first term, and costs
`beta` / features times as much for each latent dimension in the second: from `beta` * dimensions = features on a map of
nothing pays best, however well the features could be told. No more than half of what is won may be paid.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.exceptions import TrainingError
from models.fitting import finished, prepare
from models.network import Layer, Network
from models.protocols import Featurizer, LatentModel, Scaling, TrainingProgress
from models.vae import VaeModel

__all__ = ["VaeTrainer"]

_LARGEST_GRADIENT = 1.0
_LEAST_ERROR = 1e-5
_LEAST_GAIN = 5e-4
_LOG_VARIANCES = (-12.0, 4.0)
_PAID_AT_MOST = 0.5


@dataclass(frozen=True)
class VaeTrainer:
    """Fits a variational autoencoder to frames.

    Parameters
    ----------
    featurizer : Featurizer
        Frames to features.
    n_latents : int
        Dimensions of the latent space.
    epochs : int
        Passes over the frames at most.
    hidden : tuple of int
        Widths of the encoder's hidden layers; the decoder mirrors them.
    beta : float
        Weight of the divergence from the prior; less where there are few features, see above.
    free_bits : float
        Nats of divergence a dimension may have for free.
    learning_rate : float
        Of Adam; halved whenever the validation loss has stood still for a third of `patience`.
    patience : int
        Epochs without a better validation loss after which training ends; the best weights are kept.
    device : str
        ``cpu``, ``cuda``, ``cuda:1``, or ``auto`` for a GPU when there is one.
    threads : int
        Threads on a CPU. One is fastest for networks of this size, and leaves the others to simulations.
    scaling : {"kind", "each", "slow"}
        How features are brought to one scale, see `models.protocols.Scaling`.
    """

    featurizer: Featurizer
    n_latents: int
    epochs: int = 100
    hidden: tuple[int, ...] = (128, 128)
    beta: float = 4.0
    free_bits: float = 0.1
    learning_rate: float = 1e-3
    patience: int = 10
    device: str = "cpu"
    threads: int = 1
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
    ) -> VaeModel:
        """Train on frames (n_frames, n_beads, 3) in nm and return the frozen model; see `LatentTrainer.fit`.

        Raises
        ------
        TrainingError
            When there are too few frames, they do not differ, `previous` has other dimensions, the device is not
            there, or the loss is not finite.
        FeatureError
            When the frames do not fit the featurizer.
        """
        device = _device(self.device)
        data = prepare(self.featurizer, self.n_latents, positions, previous, seed, self.scaling, following)
        seen = data.seen()
        n_features = seen[0].shape[1]
        beta = min(self.beta, _PAID_AT_MOST * n_features / self.n_latents)
        with _threads(self.threads):
            network = _build(n_features, self.hidden, self.n_latents, seed)
            network.to(device)
            history = self._descend(network, seen, beta, device, seed, progress)
        there, back = data.over_features(network.frozen_encoder(), network.frozen_decoder())
        model = VaeModel(version, self.featurizer, data.standardisation, there, back, {})
        record = history.record() | {"seed": seed, "device": device.type, "settings": self._settings(beta)}
        return finished(model, data, positions, previous, record, ("numpy", "torch"))

    def _settings(self, beta: float) -> dict[str, Any]:
        names = ("hidden", "free_bits", "learning_rate", "patience")
        return {name: _plain(getattr(self, name)) for name in names} | {"beta": beta}

    def _descend(
        self,
        network: _Vae,
        seen: tuple[NDArray[np.float32], NDArray[np.float32]],
        beta: float,
        device: torch.device,
        seed: int,
        progress: TrainingProgress | None,
    ) -> _History:
        training, validation = (torch.from_numpy(part).to(device) for part in seen)
        noise = torch.Generator(device).manual_seed(seed)
        held_noise = torch.randn((len(validation), self.n_latents), generator=noise, device=device)
        optimiser = torch.optim.Adam(network.parameters(), lr=self.learning_rate, fused=True)
        history = _History(warm_up=max(1, self.epochs // 5))
        for epoch in range(1, self.epochs + 1):
            rising = beta * min(1.0, epoch / history.warm_up)
            loss = self._epoch(network, optimiser, training, rising, noise)
            with torch.no_grad():
                held_out = network.loss(validation, held_noise, beta, self.free_bits).item()
            if not (math.isfinite(loss) and math.isfinite(held_out)):
                raise TrainingError(
                    f"The loss was no longer finite in epoch {epoch} (learning rate {self.learning_rate});"
                    " check the frames for broken structures, or lower the learning rate."
                )
            history.add(loss, held_out, network)
            if progress is not None:
                progress(epoch, self.epochs, held_out)
            if history.stale >= self.patience:
                break
            if history.stale and history.stale % max(1, self.patience // 3) == 0:
                optimiser.param_groups[0]["lr"] /= 2
        network.load_state_dict(history.best_weights)
        return history

    def _epoch(
        self,
        network: _Vae,
        optimiser: torch.optim.Optimizer,
        training: Tensor,
        beta: float,
        noise: torch.Generator,
    ) -> float:
        """One pass in random order; the mean loss."""
        order = torch.randperm(len(training), generator=noise, device=training.device)
        total = torch.zeros((), device=training.device)
        for rows in order.split(_batch_size(len(training))):
            batch = training[rows]
            draw = torch.randn((len(batch), self.n_latents), generator=noise, device=training.device)
            loss = network.loss(batch, draw, beta, self.free_bits)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimiser.step()
            total += loss.detach() * len(batch)
        return total.item() / len(training)


class _Vae(nn.Module):
    """Encoder, with a head for the posterior's mean and one for its variance, and decoder."""

    def __init__(self, n_features: int, hidden: tuple[int, ...], n_latents: int) -> None:
        super().__init__()
        self.trunk = _hidden_layers((n_features, *hidden))
        self.mean = nn.Linear(hidden[-1], n_latents)
        self.log_variance = nn.Linear(hidden[-1], n_latents)
        self.decoder = _hidden_layers((n_latents, *reversed(hidden)))
        self.output = nn.Linear(hidden[0], n_features)

    def loss(self, features: Tensor, draw: Tensor, beta: float, free_bits: float) -> Tensor:
        """Negative evidence bound in nats a feature, with `draw` as the posterior's noise."""
        hidden = self.trunk(features)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden).clamp(*_LOG_VARIANCES)
        latent = mean + draw * torch.exp(0.5 * log_variance)
        error = nn.functional.mse_loss(self.output(self.decoder(latent)), features)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=0)
        return (
            0.5 * torch.log(error + _LEAST_ERROR)
            + beta * divergence.clamp(min=free_bits).sum() / features.shape[1]
        )

    def frozen_encoder(self) -> Network:
        """Features to posterior means."""
        return _frozen([*self.trunk, self.mean])

    def frozen_decoder(self) -> Network:
        """Latents to features."""
        return _frozen([*self.decoder, self.output])


@dataclass
class _History:
    """Losses so far, and the best weights since the divergence has its full weight."""

    warm_up: int
    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def stale(self) -> int:
        """Epochs since the best one."""
        return len(self.validation) - self.best_epoch if self.best_epoch else 0

    def add(self, training: float, validation: float, network: nn.Module) -> None:
        """Note an epoch's losses."""
        self.training.append(training)
        self.validation.append(validation)
        if len(self.validation) < self.warm_up:
            return
        if not self.best_epoch or validation < self.validation[self.best_epoch - 1] - _LEAST_GAIN:
            self.best_epoch = len(self.validation)
            self.best_weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def record(self) -> dict[str, Any]:
        """For the training statistics."""
        return {
            "epochs": len(self.validation),
            "best_epoch": self.best_epoch,
            "training_losses": self.training,
            "validation_losses": self.validation,
        }


def _build(n_features: int, hidden: tuple[int, ...], n_latents: int, seed: int) -> _Vae:
    """A network with random weights, leaving torch's own random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return _Vae(n_features, hidden, n_latents)


def _hidden_layers(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    return nn.Sequential(*layers)


def _frozen(modules: list[nn.Module]) -> Network:
    linear = [module for module in modules if isinstance(module, nn.Linear)]
    return Network(tuple(Layer(_array(module.weight.T), _array(module.bias)) for module in linear))


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def _batch_size(count: int) -> int:
    """About a thirtieth of the frames, a power of two between 32 and 1,024."""
    return int(2 ** min(max(round(math.log2(max(count, 1) / 30)), 5), 10))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TrainingError(
            f"There is no device called {name!r}; use 'cpu', 'cuda', 'cuda:1' or 'auto'."
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainingError(
            f"The GPU {name!r} is not there ({torch.cuda.device_count()} found); use 'cpu' or 'auto'."
        )
    return device


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
