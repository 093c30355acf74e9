"""What a journal holds, one class a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from steer.journalrows import InsidePath, JobState, Number, State
from steer.messages import Count, Name, SimulationId

__all__ = ["ForceField", "JobRow", "Model", "Promotion", "Seed", "Simulation"]


@dataclass(frozen=True)
class Seed:
    """A configuration from which CG simulations start.

    Attributes
    ----------
    id : int
        Counted from 1.
    origin : {"input", "cg", "aa"}
        The input structure, a CG frame, or the end of a refinement.
    generation : int
        0 for the input; one more than the parent simulation's otherwise.
    file : str
        PDB with the beads, relative to the campaign directory.
    parent : str or None
        The simulation it came from.
    step : int or None
        Its step in the parent.
    frame_row : int or None
        Its row in the frame store, when it is a stored frame.
    """

    id: Number
    origin: Literal["input", "cg", "aa"]
    generation: Count
    file: InsidePath
    parent: SimulationId | None = None
    step: Count | None = None
    frame_row: Count | None = None


@dataclass(frozen=True)
class Simulation:
    """One simulation: coarse-grained, or the all-atom part of a refinement.

    Attributes
    ----------
    state : {"open", "done", "failed", "rejected"}
        ``rejected``: a refinement whose structure did not pass the quality gate.
    steps : int
        Integrator steps: as planned, and once it is done as simulated.
    steered : bool
        False for the control: started where no selection had a say.
    result : dict or None
        The job's result as JSON types.
    """

    id: SimulationId
    level: Literal["cg", "aa"]
    generation: Count
    seed: Number | None
    force_field: Count
    steps: Count
    steered: bool
    state: State
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Promotion:
    """The choice of one CG frame for refinement.

    Attributes
    ----------
    simulation : str
        The refinement it became.
    source, step : str, int
        Identity of the frame.
    frame_row : int
        Its row in the frame store.
    model : int
        Latent model version in which it was chosen.
    selector : str
        The rule that chose it.
    score : float or None
        The rule's score: for farthest point the distance to the nearest selected point when it was picked; None for
        a random pick.
    round : int
        The decision round.
    """

    simulation: SimulationId
    source: SimulationId
    step: Count
    frame_row: Count
    model: Count
    selector: str
    score: float | None
    round: Count


@dataclass(frozen=True)
class Model:
    """One version of the latent model."""

    version: Count
    frames: Count
    state: State
    statistics: dict[str, Any] | None = None


@dataclass(frozen=True)
class ForceField:
    """One version of the CG force field."""

    version: Count
    definition: dict[str, Any]


@dataclass(frozen=True)
class JobRow:
    """One job as the journal knows it. Times are Unix times, for display only."""

    key: Name
    kind: Literal["cg", "refine", "train"]
    state: JobState
    attempts: Count
    worker: str
    started: float | None
    finished: float | None
    error: str
    log: InsidePath
