"""What passes between coordinator and worker: jobs, their results, and the events that carry them back.

Everything here is JSON checked by schema (msgspec): text in a queue can describe work, never code. Paths are relative
to the campaign directory, so that a worker may have it mounted elsewhere.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from steer.exceptions import JobError

__all__ = [
    "KINDS",
    "UNREADABLE",
    "CgJob",
    "CgResult",
    "GpuLoad",
    "Job",
    "JobEvent",
    "JobProgress",
    "JobResult",
    "RefineJob",
    "RefineResult",
    "Refusal",
    "TrainJob",
    "TrainResult",
    "WorkerInfo",
    "decode_event",
    "decode_job",
    "decode_worker",
    "encode",
    "simulation_number",
]

KINDS = ("cg", "refine", "train")
"""Kinds of job, each with a queue of its own."""

# Patterns end with \Z: $ would let a line break pass.
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}\Z")]
SIMULATION = r"^(cg|aa)-(?:[0-9]{6}|[1-9][0-9]{6})\Z"
"""Ids of simulations: six digits, and more when a campaign has had a million of a level."""
SimulationId = Annotated[str, msgspec.Meta(pattern=SIMULATION)]
Path = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,255}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Slots = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Bytes = Annotated[float, msgspec.Meta(ge=0, le=2**53)]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all messages: immutable, and an unknown field is an error."""

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            if field in _PATH_FIELDS and not _is_inside(value := getattr(self, field)):
                raise ValueError(f"{field} must stay inside the campaign directory, not {value!r}")


_PATH_FIELDS = {"start", "target", "reference", "end_state", "log"}


def _is_inside(path: str) -> bool:
    return path.isprintable() and not path.startswith("/") and ".." not in path.split("/")


def _key_of(message: Any) -> str:
    """The one key that a job, or its result, goes by."""
    kind = message.__struct_config__.tag
    return f"{kind}:{message.version:04d}" if kind == "train" else f"{kind}:{message.simulation}"


_LEVELS = {"cg": "cg-", "refine": "aa-"}


class _JobMessage(_Message, frozen=True):
    """Base of jobs: the key is the one that follows from the rest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_key(self.key, self)  # type: ignore[attr-defined]


def _check_key(key: str, message: Any) -> None:
    if key != _key_of(message):
        raise ValueError(f"the key must be {_key_of(message)!r}, not {key!r}")
    kind = message.__struct_config__.tag
    if not getattr(message, "simulation", "").startswith(_LEVELS.get(kind, "")):
        raise ValueError(f"a {kind} job has simulations {_LEVELS[kind]}..., not {message.simulation!r}")


class CgJob(_JobMessage, frozen=True, tag="cg", tag_field="kind"):
    """One coarse-grained simulation from one seed, run in resumable segments.

    Attributes
    ----------
    key : str
        Deterministic: ``cg:<simulation>``.
    simulation : str
        ``cg-000012``; its folder is ``cg/cg-000012``.
    start : str
        PDB with the solute's beads.
    force_field : int
        Force-field version (folder ``structures/ff-0001``).
    steps : int
        Integrator steps in all.
    random_seed : int
        Source of all its randomness.
    """

    key: Name
    simulation: SimulationId
    start: Path
    force_field: Count
    steps: Count
    random_seed: Count


class RefineJob(_JobMessage, frozen=True, tag="refine", tag_field="kind"):
    """Backmap one CG frame and refine it by all-atom simulation.

    Attributes
    ----------
    key : str
        Deterministic: ``refine:<simulation>``.
    simulation : str
        ``aa-000003``; its folder is ``aa/aa-000003``.
    target : str
        PDB with the beads to be backmapped.
    reference : str
        PDB with a known all-atom conformation of the molecule, whose residues may be carried over.
    force_field : int
        Force-field version whose mapping applies.
    steps : int
        Integrator steps of all-atom production.
    random_seed : int
        Source of all its randomness.
    """

    key: Name
    simulation: SimulationId
    target: Path
    reference: Path
    force_field: Count
    steps: Count
    random_seed: Count


class TrainJob(_JobMessage, frozen=True, tag="train", tag_field="kind"):
    """Train one version of the latent model on the frames stored so far.

    Attributes
    ----------
    key : str
        Deterministic: ``train:<version>``.
    version : int
        The version to make, from 1; its folder is ``models/0001``.
    previous : int
        The version to align to; 0 for none.
    frames : int
        Train on the first `frames` rows of the frame store.
    random_seed : int
        Source of all its randomness.
    """

    key: Name
    version: Count
    previous: Count
    frames: Count
    random_seed: Count


Job = CgJob | RefineJob | TrainJob


class CgResult(_Message, frozen=True, tag="cg", tag_field="kind"):
    """What a coarse-grained simulation came to; fewer steps than its job's when it was asked to finish early."""

    simulation: SimulationId
    steps: Count
    frames: Count
    seconds: float
    steps_per_second: float
    platform: str
    end_state: Path


class RefineResult(_Message, frozen=True, tag="refine", tag_field="kind"):
    """What a refinement came to. `report` is the quality report of `sims.backmap.quality`, as JSON types."""

    simulation: SimulationId
    accepted: bool
    reasons: list[str]
    report: dict[str, Any]
    backmapper: str
    attempts: Count
    steps: Count
    frames: Count
    seconds: float
    platform: str
    secondary_structure: str
    end_state: str


class TrainResult(_Message, frozen=True, tag="train", tag_field="kind"):
    """What a training came to. `statistics` is the model's own record."""

    version: Count
    statistics: dict[str, Any]
    seconds: float


JobResult = CgResult | RefineResult | TrainResult


class JobEvent(_Message, frozen=True):
    """What a worker tells the coordinator at the end of one attempt at a job.

    Attributes
    ----------
    key : str
        The job's key.
    status : {"done", "failed", "returned"}
        ``done``: `result` is set. ``failed``: `error` says why; the job is not tried again by itself. ``returned``:
        handed back unfinished (walltime, shutdown) and queued again; what it wrote so far is kept.
    worker : str
        Name of the worker.
    started, finished : float
        Unix times. For display and latency only; no decision reads them.
    error : str
        One sentence, with the exception's type.
    log : str
        The job's log file, relative to the campaign directory.
    """

    key: Name
    status: Literal["done", "failed", "returned"]
    worker: str
    started: float
    finished: float
    result: JobResult | None = None
    error: str = ""
    log: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.result is not None) != (self.status == "done"):
            raise ValueError("a job that is done has a result, and no other job has one")
        if self.result is not None:
            _check_key(self.key, self.result)


class JobProgress(_Message, frozen=True):
    """How far a running job is."""

    key: Name
    worker: str
    phase: str
    fraction: Fraction
    step: Count
    updated: float


class GpuLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a GPU's driver tells of it; None where it does not.

    Attributes
    ----------
    device : str
        As the worker's slots name it: ``cuda:0``; ``rocm:0`` for AMD's.
    name : str
        Model.
    load : float or None
        Share of the last second or so in which something ran on it.
    memory_used, memory_total : float or None
        Bytes.
    """

    device: str
    name: str = ""
    load: Fraction | None = None
    memory_used: Bytes | None = None
    memory_total: Bytes | None = None


class WorkerInfo(_Message, frozen=True):
    """One attached worker daemon, as it announces itself while alive.

    Attributes
    ----------
    slots : int
        Jobs it runs at once.
    kinds : list of str
        What it accepts.
    devices : list of str
        One a slot: ``cuda:0``, ``cpu``.
    platform : str
        OpenMM platform that its simulations run on; empty when it simulates nothing.
    busy : list of str
        Keys of the jobs it runs now.
    gpus : list of GpuLoad
        The GPUs of its slots; empty without one, and until they were first read.
    """

    name: str
    host: str
    pid: Count
    version: str
    slots: Slots
    kinds: list[str]
    devices: list[str]
    busy: list[str]
    seen: float
    platform: str = ""
    gpus: list[GpuLoad] = []


class Refusal(_Message, frozen=True):
    """A worker that was not let in, and why: left by it for the coordinator.

    Attributes
    ----------
    name, host : str
        Of the worker.
    reason : str
        A sentence or two, with what to do.
    """

    name: str
    host: str
    reason: str


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on text that is not of a schema, nested without end included."""

_job_decoder = msgspec.json.Decoder(Job)
_event_decoder = msgspec.json.Decoder(JobEvent)


def encode(message: _Message) -> str:
    """JSON text of a message, keys in a fixed order."""
    return msgspec.json.encode(message, order="deterministic").decode()


def decode_job(text: str | bytes) -> Job:
    """A job from its JSON text.

    Raises
    ------
    JobError
        When it does not fit the schema.
    """
    try:
        return _job_decoder.decode(text)
    except UNREADABLE as error:
        raise JobError(f"This job payload does not fit its schema: {error}") from error


def decode_event(text: str | bytes) -> JobEvent:
    """A job event from its JSON text.

    Raises
    ------
    JobError
        When it does not fit the schema.
    """
    try:
        return _event_decoder.decode(text)
    except UNREADABLE as error:
        raise JobError(f"This job event does not fit its schema: {error}") from error


def decode_worker(text: str | bytes) -> WorkerInfo | None:
    """A worker's announcement from its JSON text; None when it is none."""
    try:
        return msgspec.json.decode(text, type=WorkerInfo)
    except UNREADABLE:
        return None


def simulation_number(simulation: str) -> int:
    """The number in a simulation id: 12 for ``cg-000012``."""
    if not re.match(SIMULATION, simulation):
        raise ValueError(f"{simulation!r} is no simulation id; expected one like 'cg-000012'")
    return int(simulation[3:])
