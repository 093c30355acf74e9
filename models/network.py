"""Plain networks in numpy: what a frozen model needs of a neural network, without torch.

Training wants automatic differentiation; encoding wants a few matrix products. A coordinator only encodes, so the
trained weights live here as arrays, and torch stays in the process that trains.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import ThreadpoolController

__all__ = ["Layer", "Network"]

_BLAS = ThreadpoolController().select(user_api="blas")


@dataclass(frozen=True, eq=False)
class Layer:
    """An affine map ``x @ weight + bias``.

    Parameters
    ----------
    weight : ndarray, shape (n_in, n_out), float32
    bias : ndarray, shape (n_out,), float32

    Raises
    ------
    ValueError
        When the shapes do not belong together or a number is not finite.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[1:]:
            raise ValueError(f"a weight of {self.weight.shape} and a bias of {self.bias.shape} are no layer")
        for array in (self.weight, self.bias):
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError("the numbers of a layer must be finite and of the type float32")

    def apply(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs, shape (n, n_out), of inputs of shape (n, n_in)."""
        outputs = inputs @ self.weight
        outputs += self.bias
        return outputs

    def then(self, rotation: NDArray[np.floating], shift: NDArray[np.floating]) -> Layer:
        """This map followed by ``y @ rotation + shift``."""
        outer = self.weight.astype(np.float64)
        weight, bias = outer @ rotation, self.bias @ rotation + shift
        return Layer(weight.astype(np.float32), bias.astype(np.float32))

    def after(self, rotation: NDArray[np.floating], shift: NDArray[np.floating]) -> Layer:
        """This map preceded by ``x @ rotation + shift``."""
        inner = self.weight.astype(np.float64)
        weight, bias = rotation @ inner, self.bias + shift @ inner
        return Layer(weight.astype(np.float32), bias.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Network:
    """Affine layers with SiLU, ``x / (1 + exp(-x))``, between them (Elfwing et al., arXiv:1702.03118).

    Parameters
    ----------
    layers : tuple of Layer
        At least one. A single layer is an affine map.

    Raises
    ------
    ValueError
        When there is no layer, or one does not fit the next.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        for layer, following in itertools.pairwise(self.layers):
            if layer.weight.shape[1] != following.weight.shape[0]:
                raise ValueError(
                    f"{layer.weight.shape[1]} outputs do not fit {following.weight.shape[0]} inputs"
                )

    @property
    def n_inputs(self) -> int:
        """Numbers that go in."""
        return int(self.layers[0].weight.shape[0])

    @property
    def n_outputs(self) -> int:
        """Numbers that come out."""
        return int(self.layers[-1].weight.shape[1])

    def apply(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs, shape (n, n_outputs), of inputs of shape (n, n_inputs).

        In one thread: for blocks as small as ours the others would mostly wait, and wait on processors that simulations could
        use; and the last bits of a latent point would depend on how many cores a machine has.
        """
        values = inputs
        with _BLAS.limit(limits=1):
            for layer in self.layers[:-1]:
                values = layer.apply(values)
                values *= expit(values)
            return self.layers[-1].apply(values)

    def then(self, rotation: NDArray[np.floating], shift: NDArray[np.floating]) -> Network:
        """This network followed by ``y @ rotation + shift``, absorbed in its weights."""
        return Network((*self.layers[:-1], self.layers[-1].then(rotation, shift)))

    def after(self, rotation: NDArray[np.floating], shift: NDArray[np.floating]) -> Network:
        """This network preceded by ``x @ rotation + shift``, absorbed in its weights."""
        return Network((self.layers[0].after(rotation, shift), *self.layers[1:]))

    def tensors(self, name: str) -> dict[str, NDArray[np.float32]]:
        """Arrays by name, ``<name>.0.weight`` and so on, for a file."""
        parts = ("weight", "bias")
        return {
            f"{name}.{i}.{part}": getattr(layer, part)
            for i, layer in enumerate(self.layers)
            for part in parts
        }

    @classmethod
    def from_tensors(cls, name: str, tensors: Mapping[str, NDArray[np.float32]]) -> Network:
        """Rebuild from `tensors`.

        Raises
        ------
        ValueError
            When a layer is missing or does not fit.
        """
        count = len({key.split(".")[1] for key in tensors if key.startswith(f"{name}.")})
        keys = [(f"{name}.{i}.weight", f"{name}.{i}.bias") for i in range(count)]
        missing = [key for pair in keys for key in pair if key not in tensors]
        if missing:
            raise ValueError(f"{' and '.join(missing)} missing")
        return cls(tuple(Layer(tensors[weight], tensors[bias]) for weight, bias in keys))
