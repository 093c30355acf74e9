"""The campaign file: what a user may say, with defaults, units and limits. Reading it has no side effect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from steer.quantities import ForceConstant, Length, Molarity, Pressure, Temperature, Time

__all__ = [
    "AllAtom",
    "Campaign",
    "CampaignConfig",
    "Coarse",
    "Latent",
    "Molecule",
    "Refinement",
    "Seeding",
    "Selection",
    "Stop",
    "Workers",
]

Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Campaign(_Section):
    """What this campaign is called and where its randomness comes from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    """Letters, digits, ``.``, ``_`` and ``-``; names the Redis keys and the plots."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 2026
    """Source of all randomness: same seed, same decisions."""


class Molecule(_Section):
    """What is explored: exactly one of `structure` and `sequence`."""

    structure: Path | None = None
    """PDB or mmCIF file, relative to the campaign file."""
    sequence: Annotated[str, Field(pattern=r"^[A-Za-z:]+$")] | None = None
    """One-letter sequence; chains separated by ``:``."""
    ph: Annotated[float, Field(ge=0, le=14)] = 7.0
    """pH that decides protonation."""
    chains: tuple[str, ...] | None = None
    """Chains to keep; all when absent."""
    keep_gaps: bool = False
    """Accept breaks in the chain (missing loops), each end uncharged, instead of refusing them."""


class AllAtom(_Section):
    """The all-atom (AA) side."""

    solvent: Literal["explicit", "implicit"] = "explicit"
    """``explicit``: CHARMM36m in water and ions; ``implicit``: AMBER ff99SB-ILDN with OBC, for CPUs."""
    temperature: Temperature = "300 K"  # type: ignore[assignment]
    """K."""
    pressure: Pressure = "1 bar"  # type: ignore[assignment]
    """bar; explicit solvent only."""
    padding: Length = "1.2 nm"  # type: ignore[assignment]
    """nm between the solute and the edge of the box."""
    salt: Molarity = "0.15 mol/L"  # type: ignore[assignment]
    """mol/L of NaCl beside neutralising ions."""
    timestep: Time = "4 fs"  # type: ignore[assignment]
    """ps, with hydrogen mass repartitioning (3 Da)."""


class Coarse(_Section):
    """The coarse-grained (CG, Martini 3) side."""

    network: Literal["elastic", "go", "none"] = "elastic"
    """What keeps the fold: an elastic network, a Gō model, or nothing (secondary structure terms only)."""
    elastic_force_constant: ForceConstant = "700 kJ/mol/nm^2"  # type: ignore[assignment]
    """kJ/mol/nm^2."""
    elastic_cutoff: Length = "0.8 nm"  # type: ignore[assignment]
    """nm."""
    go_strength: Annotated[float, Field(gt=0)] = 9.414
    """kJ/mol, depth of the Gō contacts (``network = "go"``)."""
    temperature: Temperature = "300 K"  # type: ignore[assignment]
    """K."""
    padding: Length = "1.2 nm"  # type: ignore[assignment]
    """nm between the solute and the edge of the box."""
    salt: Molarity = "0.15 mol/L"  # type: ignore[assignment]
    """mol/L of NaCl beside neutralising ions."""
    timestep: Time = "20 fs"  # type: ignore[assignment]
    """ps."""
    length: Time = "100 ns"  # type: ignore[assignment]
    """ps of one CG simulation."""
    segment: Time = "10 ns"  # type: ignore[assignment]
    """ps between resumable states."""
    frame_interval: Time = "100 ps"  # type: ignore[assignment]
    """ps between frames."""
    nonbonded: Literal["auto", "exact", "fast"] = "auto"
    """``exact``: one custom force over all pairs; ``fast``: water in a plain NonbondedForce, same forces."""


class Latent(_Section):
    """The learned map."""

    model: Literal["vae", "pca"] = "vae"
    """``vae``: variational autoencoder; ``pca``: principal components, the honest baseline."""
    dimensions: Annotated[int, Field(ge=2, le=32)] = 4
    """Latent dimensions."""
    min_frames: Annotated[int, Field(ge=50)] = 1000
    """Frames before the first training."""
    growth: Annotated[float, Field(gt=1)] = 2.0
    """Retrain when the frames have grown by this factor since the last training."""
    drift: Annotated[float, Field(gt=1)] = 1.5
    """Retrain when the decode error of new frames exceeds this many times that of the training frames."""
    max_frames: Annotated[int, Field(ge=50)] = 200_000
    """Frames used in one training, spread evenly over all."""
    epochs: Annotated[int, Field(ge=1)] = 100
    """Epochs at most; training ends early when the validation loss has stopped falling."""


class Selection(_Section):
    """Which configurations are promoted, and which seeds are started."""

    selector: Literal["farthest_point", "random"] = "farthest_point"
    """How candidates are chosen in the latent space."""
    random_share: Share = 0.2
    """Share of the picks drawn uniformly, as the control."""
    max_per_parent: Annotated[int, Field(ge=1)] = 2
    """Picks of one batch from one simulation at most."""
    batch: Annotated[int, Field(ge=1)] = 4
    """Frames chosen at a time."""


class Refinement(_Section):
    """From beads to atoms and back."""

    backmapper: Literal["carry_over", "mstool"] = "carry_over"
    """First choice; the other one is the fallback."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Tries for each backmapper, each with other randomness."""
    length: Time = "1 ns"  # type: ignore[assignment]
    """ps of all-atom production."""
    segment: Time = "100 ps"  # type: ignore[assignment]
    """ps between resumable states."""
    frame_interval: Time = "10 ps"  # type: ignore[assignment]
    """ps between frames."""
    share: Share = 0.5
    """Share of the slots that refinements may hold at most while CG work is waiting."""


class Seeding(_Section):
    """The CG simulations."""

    initial: Annotated[int, Field(ge=1)] = 8
    """CG simulations of the first generation, all from the input structure."""
    per_refinement: Annotated[int, Field(ge=1)] = 1
    """CG simulations started from one accepted refinement at most."""


class Stop(_Section):
    """When the campaign ends: at the first of these that is reached. At least one is needed."""

    aggregate_time: Time | None = None
    """ps of CG simulation in all."""
    refinements: Annotated[int, Field(ge=1)] | None = None
    """Accepted refinements."""
    coverage: Annotated[float, Field(gt=0)] | None = None
    """Coverage (occupied latent cells) reached."""
    walltime: Time | None = None
    """ps of real time (write '8 h')."""


class Workers(_Section):
    """Local workers that `steer run` starts."""

    slots: Annotated[int, Field(ge=0)] | None = None
    """Jobs at once on this machine; absent: one for each GPU found, otherwise one for each CPU core."""
    platform: Literal["auto", "CUDA", "HIP", "OpenCL", "CPU", "Reference"] = "auto"
    """OpenMM platform."""


class CampaignConfig(_Section):
    """A whole campaign file."""

    campaign: Campaign
    molecule: Molecule
    allatom: AllAtom = AllAtom()
    coarse: Coarse = Coarse()
    latent: Latent = Latent()
    selection: Selection = Selection()
    refinement: Refinement = Refinement()
    seeding: Seeding = Seeding()
    stop: Stop
    workers: Workers = Workers()
