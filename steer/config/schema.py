"""What a user may say in a campaign file, with defaults, units and limits."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from steer.config.collective import CollectiveVariable
from steer.config.section import Section, Share, contradiction
from steer.config.selection import Selection, Target
from steer.config.state import NamedState
from steer.quantities import ForceConstant, Length, Molarity, Pressure, Temperature, Time, at_most, text

__all__ = [
    "AllAtom",
    "Campaign",
    "CampaignConfig",
    "Coarse",
    "CollectiveVariable",
    "Latent",
    "Molecule",
    "NamedState",
    "Refinement",
    "Seeding",
    "Selection",
    "Stop",
    "Target",
    "Workers",
]


LandscapeName = Literal["muller_brown", "double_well", "entropic_bottleneck", "many_funnels"]
"""As `sims.landscapes.LANDSCAPES`, which is not imported here: reading a file needs no numpy."""

LANDSCAPE_FEATURES: dict[LandscapeName, int] = {
    "muller_brown": 3,
    "double_well": 3,
    "entropic_bottleneck": 3,
    "many_funnels": 15,
}
"""Distances by which a frame of each is known, of which a map cannot have more dimensions."""


def _is_multiple(value: float, step: float) -> bool:
    ratio = value / step
    return round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6 * ratio


def _check_schedule(length: float, segment: float, interval: float) -> None:
    if segment > length:
        raise contradiction(
            "segment",
            f"{text(segment, 'ps')!r} is longer than the whole simulation, length = {text(length, 'ps')!r}",
        )
    if not _is_multiple(segment, interval):
        raise contradiction(
            "segment",
            f"{text(segment, 'ps')!r} is not a whole number of frames, frame_interval = {text(interval, 'ps')!r}",
        )


def _check_interval(key: str, interval: float, timestep: float) -> None:
    if not _is_multiple(interval, timestep):
        raise contradiction(
            key, f"{text(interval, 'ps')!r} is not a whole number of time steps of {text(timestep, 'ps')!r}"
        )


class Campaign(Section):
    """What this campaign is called and where its randomness comes from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    """Letters, digits, ``.``, ``_`` and ``-``, 64 at most; names the campaign directory and the Redis keys."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 2026
    """Source of all randomness: same seed, same decisions."""


class Molecule(Section):
    """What is explored: exactly one of `structure`, `sequence` and `landscape`."""

    structure: Path | None = Field(default=None, examples=["protein.pdb"])
    """PDB or mmCIF file; its path is relative to this file."""
    sequence: Annotated[str, Field(pattern=r"^[A-Za-z:]+$")] | None = Field(
        default=None, examples=["NLYIQWLKDGGPSSGRPPPS"]
    )
    """One-letter sequence; chains separated by ``:``."""
    landscape: LandscapeName | None = Field(default=None, examples=["many_funnels"])
    """An energy surface with a known answer instead of a molecule, to see how a campaign fares on it: muller_brown,
    double_well, entropic_bottleneck or many_funnels."""
    ph: Annotated[float, Field(ge=0, le=14)] = 7.0
    """pH that decides protonation where the file has no hydrogens."""
    chains: tuple[str, ...] | None = Field(default=None, examples=[["A", "B"]])
    """Chains to keep; all when absent."""
    keep_gaps: bool = False
    """Accept breaks in the chain (missing loops): each piece becomes a chain with charged ends of its own."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("structure", "sequence", "landscape") if getattr(self, name) is not None]
        if not given:
            raise contradiction(
                "",
                "name the molecule by exactly one of structure = 'protein.pdb' and sequence = 'GYDPETGTWG' "
                "(or a landscape)",
            )
        if len(given) > 1:
            raise contradiction(given[1], f"give either {' or '.join(given)}, not both")
        if self.chains is not None and self.structure is None:
            raise contradiction("chains", "chains are chosen from a structure file; a sequence lists its own")
        if self.chains is not None and not self.chains:
            raise contradiction("chains", "name at least one chain, or leave the key out to keep all")
        return self


class AllAtom(Section):
    """The all-atom (AA) side."""

    solvent: Literal["explicit", "implicit"] = "explicit"
    """``explicit``: CHARMM36m in water and ions; ``implicit``: AMBER ff99SB-ILDN with OBC, for CPUs."""
    temperature: Temperature = "300 K"  # type: ignore[assignment]
    """Temperature of the thermostat (K)."""
    pressure: Pressure = "1 bar"  # type: ignore[assignment]
    """Pressure of the barostat (bar); explicit solvent only."""
    padding: Length = "1.2 nm"  # type: ignore[assignment]
    """Solvent between the solute and the edge of the box (nm)."""
    salt: Molarity = "0.15 mol/L"  # type: ignore[assignment]
    """NaCl beside neutralising ions (mol/L)."""
    timestep: Annotated[Time, at_most(0.005, "ps")] = "4 fs"  # type: ignore[assignment]
    """Integration step, with hydrogen masses of 3 Da (ps); 5 fs at most."""


class Coarse(Section):
    """The coarse-grained (CG, Martini 3) side."""

    network: Literal["elastic", "go", "none"] = "elastic"
    """What keeps the fold: an elastic network, a Gō model, or nothing (secondary structure terms only)."""
    elastic_force_constant: ForceConstant = "700 kJ/mol/nm^2"  # type: ignore[assignment]
    """Strength of the elastic bonds (kJ/mol/nm^2); lower explores further from the input fold."""
    elastic_cutoff: Length = "0.8 nm"  # type: ignore[assignment]
    """Longest elastic bond (nm)."""
    go_strength: Annotated[float, Field(gt=0)] = 9.414
    """Depth of the Gō contacts (kJ/mol), a plain number; used by ``network = "go"``."""
    temperature: Temperature = "300 K"  # type: ignore[assignment]
    """Temperature of the thermostat (K)."""
    padding: Length = "1.2 nm"  # type: ignore[assignment]
    """Solvent between the solute and the edge of the box (nm)."""
    salt: Molarity = "0.15 mol/L"  # type: ignore[assignment]
    """NaCl beside neutralising ions (mol/L)."""
    timestep: Annotated[Time, at_most(0.03, "ps")] = "20 fs"  # type: ignore[assignment]
    """Integration step (ps); 30 fs at most."""
    length: Time = "100 ns"  # type: ignore[assignment]
    """How long one CG simulation runs (ps)."""
    segment: Time = "10 ns"  # type: ignore[assignment]
    """Time between resumable states (ps)."""
    frame_interval: Time = "100 ps"  # type: ignore[assignment]
    """Time between frames (ps)."""
    patience: Time | None = Field(default=None, examples=["20 ns"])
    """End a CG simulation early when the rule would start another from nothing in so much of its latest past; the control
    always runs its full length (ps). Absent: never."""
    nonbonded: Literal["auto", "exact", "fast"] = "auto"
    """``exact``: one custom force over all pairs; ``fast``: water in a plain NonbondedForce, same forces."""

    @model_validator(mode="after")
    def _schedule(self) -> Self:
        _check_interval("frame_interval", self.frame_interval, self.timestep)
        _check_schedule(self.length, self.segment, self.frame_interval)
        return self


class Latent(Section):
    """The learned map."""

    model: Literal["vae", "pca"] = "vae"
    """``vae``: variational autoencoder; ``pca``: principal components, the honest baseline."""
    dimensions: Annotated[int, Field(ge=2, le=32)] = 4
    """Latent dimensions."""
    min_frames: Annotated[int, Field(ge=50)] = 1000
    """Frames before the first training; of slow motions, two fifths of them followed by another of theirs."""
    growth: Annotated[float, Field(gt=1)] = 2.0
    """Retrain when the frames have grown by this factor since the last training."""
    drift: Annotated[float, Field(gt=1)] = 2.0
    """Retrain when the decode error of new frames exceeds this many times that of the training frames."""
    max_frames: Annotated[int, Field(ge=50)] = 200_000
    """Frames used in one training, spread evenly over all."""
    epochs: Annotated[int, Field(ge=1)] = 100
    """Epochs at most; training ends early when the validation loss has stopped falling."""
    scaling: Literal["kind", "each", "slow"] = "slow"
    """``slow``: motions by what lasts of them from one frame to the next, so that slow ones count for more than fast ones
    (time-lagged independent components), for which a simulation needs two frames and more; ``kind``: distances by one
    factor and dihedrals by another, so that wide motions count for more than stiff ones; ``each``: every feature to spread
    one, stiff ones too."""

    @model_validator(mode="after")
    def _frames(self) -> Self:
        if self.min_frames > self.max_frames:
            raise contradiction(
                "min_frames", f"{self.min_frames} is more than max_frames = {self.max_frames}"
            )
        return self


class Refinement(Section):
    """From beads to atoms and back."""

    backmapper: Literal["carry_over", "mstool"] = "carry_over"
    """First choice; the other one is the fallback."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Tries for each backmapper, each with other randomness."""
    length: Time = "1 ns"  # type: ignore[assignment]
    """How long the all-atom production runs (ps)."""
    segment: Time = "100 ps"  # type: ignore[assignment]
    """Time between resumable states (ps)."""
    frame_interval: Time = "10 ps"  # type: ignore[assignment]
    """Time between frames (ps)."""
    share: Share = 0.5
    """Share of the slots that refinements may hold at most while CG work is waiting."""
    share_bounds: tuple[Share, Share] | None = Field(default=None, examples=[[0.2, 0.8]])
    """Let the share move between these two, to where simulations lately added more new cells for each slot-hour; it
    starts at ``share``. Absent: it stays."""

    @model_validator(mode="after")
    def _schedule(self) -> Self:
        _check_schedule(self.length, self.segment, self.frame_interval)
        return self

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.share_bounds is not None and self.share_bounds[0] > self.share_bounds[1]:
            raise contradiction(
                "share_bounds", f"the lower bound {self.share_bounds[0]} is above the upper one"
            )
        return self


class Seeding(Section):
    """The CG simulations."""

    initial: Annotated[int, Field(ge=1)] = 8
    """CG simulations of the first generation, all from the input structure."""
    per_refinement: Annotated[int, Field(ge=1)] = 1
    """CG simulations started from one accepted refinement at most."""
    control_share: Share = 0.1
    """Share of the CG simulations that start from the input structure, unsteered: the control."""


class Stop(Section):
    """When the campaign ends. At least one goal is needed."""

    require: Literal["any", "all"] = "any"
    """``any``: at the first goal that is reached; ``all``: when every goal that is set has been reached."""

    aggregate_time: Time | None = Field(default=None, examples=["50 us"])
    """CG simulation in all (ps)."""
    refinements: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[20])
    """Accepted refinements."""
    coverage: Annotated[float, Field(gt=0)] | None = Field(default=None, examples=[300])
    """Coverage (occupied latent cells) reached."""
    walltime: Time | None = Field(default=None, examples=["8 h"])
    """Real time (ps inside; write '8 h')."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not any(
            value is not None
            for value in (self.aggregate_time, self.refinements, self.coverage, self.walltime)
        ):
            raise contradiction(
                "", "say when to stop by at least one of aggregate_time, refinements, coverage and walltime"
            )
        return self


class Workers(Section):
    """Local workers that `steer run` starts."""

    slots: Annotated[int, Field(ge=0)] | None = Field(default=None, examples=[2])
    """Jobs at once on this machine; absent: one for each GPU found, otherwise one for each CPU core."""
    platform: Literal["auto", "CUDA", "HIP", "OpenCL", "CPU", "Reference"] = "auto"
    """OpenMM platform."""


class CampaignConfig(Section):
    """A whole campaign file."""

    campaign: Campaign
    molecule: Molecule
    allatom: AllAtom = Field(default_factory=AllAtom)
    coarse: Coarse = Field(default_factory=Coarse)
    latent: Latent = Field(default_factory=Latent)
    selection: Selection = Field(default_factory=Selection)
    refinement: Refinement = Field(default_factory=Refinement)
    seeding: Seeding = Field(default_factory=Seeding)
    stop: Stop
    workers: Workers = Field(default_factory=Workers)
    collective: tuple[CollectiveVariable, ...] = ()
    state: tuple[NamedState, ...] = ()

    @model_validator(mode="after")
    def _frames_of_refinement(self) -> Self:
        _check_interval("refinement.frame_interval", self.refinement.frame_interval, self.allatom.timestep)
        return self

    @model_validator(mode="after")
    def _frames_follow_each_other(self) -> Self:
        # A simulation has a whole number of frames: one, or two and more.
        if self.latent.scaling == "slow" and self.coarse.length < 1.5 * self.coarse.frame_interval:
            raise contradiction(
                "latent.scaling" if "scaling" in self.latent.model_fields_set else "coarse.length",
                "slow motions (latent.scaling) are learnt from frames that follow each other, and a simulation has only one:"
                f" coarse.length = {text(self.coarse.length, 'ps')!r}, coarse.frame_interval ="
                f" {text(self.coarse.frame_interval, 'ps')!r}; take frames more often, or set latent.scaling = 'kind'",
            )
        return self

    @model_validator(mode="after")
    def _early_ends_by_a_rule(self) -> Self:
        if self.coarse.patience is not None and self.selection.selector == "random":
            raise contradiction(
                "coarse.patience",
                "simulations end early where the rule would start none, and selection.selector = 'random' starts them"
                " anywhere; leave coarse.patience out, or choose another rule",
            )
        return self

    @model_validator(mode="after")
    def _names_of_collectives(self) -> Self:
        names = [collective.name for collective in self.collective]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise contradiction(
                    f"collective.{number}.name", f"{name!r} is there already; names must differ"
                )
        return self

    @model_validator(mode="after")
    def _target_is_there(self) -> Self:
        target, names = self.selection.target, [collective.name for collective in self.collective]
        if target is not None and target.collective not in names:
            nearest = get_close_matches(target.collective, names, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else "; add it as a [[collective]]"
            raise contradiction(
                "selection.target.collective", f"there is no collective variable {target.collective!r}{hint}"
            )
        return self

    @model_validator(mode="after")
    def _states_are_measured(self) -> Self:
        collectives = {collective.name: collective for collective in self.collective}
        names = [*collectives, *(f"latent_{i + 1}" for i in range(self.latent.dimensions))]
        for number, state in enumerate(self.state):
            if state.name in [other.name for other in self.state[:number]]:
                raise contradiction(
                    f"state.{number}.name", f"{state.name!r} is there already; names must differ"
                )
            for name, (low, high) in state.ranges.items():
                if name not in names:
                    nearest = get_close_matches(name, names, n=1)
                    hint = f"did you mean {nearest[0]!r}?" if nearest else "add it as a [[collective]]"
                    raise contradiction(
                        f"state.{number}.ranges", f"there is no collective variable {name!r}; {hint}"
                    )
                if low > high and (name not in collectives or collectives[name].kind != "dihedral"):
                    raise contradiction(
                        f"state.{number}.ranges",
                        f"the range of {name} goes from {low:g} down to {high:g}; only a dihedral's may",
                    )
        return self

    def target_collective(self) -> CollectiveVariable | None:
        """What ``selection.target`` is about; None without a target."""
        target = self.selection.target
        named = [each for each in self.collective if target is not None and each.name == target.collective]
        return named[0] if named else None

    @model_validator(mode="after")
    def _landscapes_have_no_atoms(self) -> Self:
        if self.molecule.landscape is not None and self.stop.refinements is not None:
            raise contradiction("stop.refinements", "a landscape has no atoms to refine; set another goal")
        return self

    @model_validator(mode="after")
    def _landscapes_have_few_features(self) -> Self:
        landscape, asked = self.molecule.landscape, self.latent.dimensions
        if landscape is not None and asked > LANDSCAPE_FEATURES[landscape]:
            raise contradiction(
                "latent.dimensions",
                f"frames of {landscape} are known by {LANDSCAPE_FEATURES[landscape]} distances, of which no map of {asked}"
                " dimensions can be made; set it to 2",
            )
        return self
