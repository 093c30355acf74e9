"""Ways to spend the steps: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.protocols import Scaling
from steer.selection import SELECTORS

__all__ = ["ARMS", "PATIENCE", "Arm"]

PATIENCE = 2
"""Frames, of the arms that end simulations early; chosen on seeds from 1000 on, where one frame does as well over barriers
and loses more runs in the bottleneck."""


@dataclass(frozen=True)
class Arm:
    """One way.

    Attributes
    ----------
    name : str
        A word, or a selector's name, its latent model and how simulations end: ``farthest_point/vae``, ``dynim/slow``,
        ``dynim_wide/slow/early``.
    schedule : {"one", "plain", "steered"}
        One long run; as many plain runs as there are walkers; or segments started where the selector says.
    selector : str
    latent : {"pca", "vae"}
    scaling : {"kind", "each", "slow"}
        Of the features.
    patience : int
        Frames after which a simulation is ended early when the rule would start from none of them (`steer.stopping`); 0
        for never.
    """

    name: str
    schedule: Literal["one", "plain", "steered"]
    selector: str = "random"
    latent: Literal["pca", "vae"] = "pca"
    scaling: Scaling = "each"
    patience: int = 0


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("one long run", "one"),
        Arm("plain", "plain"),
        *(Arm(name, "steered", name) for name in SELECTORS),
        *(Arm(f"{name}/vae", "steered", name, "vae") for name in SELECTORS if name != "random"),
        *(Arm(f"{name}/kind", "steered", name, scaling="kind") for name in SELECTORS if name != "random"),
        *(Arm(f"{name}/slow", "steered", name, scaling="slow") for name in SELECTORS if name != "random"),
        *(Arm(f"{name}/vae/kind", "steered", name, "vae", "kind") for name in SELECTORS if name != "random"),
        *(Arm(f"{name}/vae/slow", "steered", name, "vae", "slow") for name in SELECTORS if name != "random"),
        *(Arm(f"{name}/early", "steered", name, patience=PATIENCE) for name in SELECTORS if name != "random"),
        *(
            Arm(f"{name}/slow/early", "steered", name, scaling="slow", patience=PATIENCE)
            for name in SELECTORS
            if name != "random"
        ),
        *(
            Arm(f"{name}/vae/slow/early", "steered", name, "vae", "slow", PATIENCE)
            for name in SELECTORS
            if name != "random"
        ),
    )
}
"""All arms by name. A selector alone works on PCA latents of features with a spread each; with ``/kind`` of features scaled
by kind, and with ``/slow`` of motions that are as long as they last; with ``/vae`` on an autoencoder's. ``/vae/slow`` is what
campaigns have by default. With ``/early`` simulations end early. ``random`` is the random restart."""
