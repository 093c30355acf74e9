"""The variational autoencoder, trained and frozen (`models.training` trains it; this file needs no torch).

Kingma and Welling, arXiv:1312.6114. A frame's latent point is the mean of its posterior: no randomness is left in
encoding, and the variance head is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.autoencoder import Autoencoder

__all__ = ["VaeModel"]


@dataclass(frozen=True, eq=False)
class VaeModel(Autoencoder):
    """A trained variational autoencoder: posterior means are the latent points."""

    name: ClassVar[str] = "vae"
