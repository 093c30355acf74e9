"""The journal's content in memory: read once at the start, then kept level with every write.

The coordinator asks it thousands of times a minute how many jobs are open or which seeds were used, so what it asks is
counted as it changes and no answer goes through all simulations; the journal is only written. Each method that changes something writes the journal first, inside the caller's transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import msgspec

from steer.config import CampaignConfig
from steer.exceptions import JournalError
from steer.jobs.registry import kind_of
from steer.journal import Journal, Model, Promotion, Seed, Simulation
from steer.messages import KINDS, CgJob, CgResult, Job, JobEvent, RefineJob, RefineResult, TrainJob

__all__ = ["Ledger"]


class Ledger:
    """What the journal says, at hand.

    Parameters
    ----------
    journal : Journal
    config : CampaignConfig

    Attributes
    ----------
    seeds : dict of int to Seed
    simulations : dict of str to Simulation
    promotions : dict of str to Promotion
        By the id of the refinement.
    promoted_rows : list of int
        Frame-store rows of all promotions, in their order.
    models : dict of int to Model
    open : dict of str to Job
        Jobs planned or submitted and not ended, by key, in the order they were planned.
    started : Counter of int
        CG simulations started from each seed.
    failed : list of str
        Keys of failed jobs.
    finishing : set of str
        Open simulations that were asked to end early.
    last_seed : int
        The newest seed's id: they are counted from 1.
    seed_origins : Counter of str
        Seeds by origin.
    from_refined : int
        CG simulations started from refined structures.
    generations : dict of int to Counter of str
        CG simulations of each generation by state.
    rejected_reasons : Counter of str
        Why refinements were rejected; one may have several reasons.
    """

    def __init__(self, journal: Journal, config: CampaignConfig) -> None:
        self.journal = journal
        self._timestep = config.coarse.timestep
        self.seeds = {seed.id: seed for seed in journal.seeds()}
        self.last_seed = max(self.seeds, default=0)
        self.simulations = {simulation.id: simulation for simulation in journal.simulations()}
        self.promotions = {promotion.simulation: promotion for promotion in journal.promotions()}
        self.promoted_rows = [promotion.frame_row for promotion in self.promotions.values()]
        self.models = {model.version: model for model in journal.models()}
        self.open: dict[str, Job] = {job.key: job for job in journal.unfinished()}
        for job in self.open.values():
            self._check(job)
        self.started: Counter[int] = Counter()
        self.seed_origins = Counter[str](seed.origin for seed in self.seeds.values())
        self.from_refined = 0
        self.failed = [job.key for job in journal.jobs() if job.state == "failed"]
        self.finishing = journal.finishing()
        self._steps_planned = 0
        self._open_kinds = Counter(kind_of(job) for job in self.open.values())
        self._states: Counter[tuple[str, str]] = Counter()
        self.generations: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.rejected_reasons: Counter[str] = Counter()
        for simulation in self.simulations.values():
            self._count(simulation)

    def _check(self, job: Job) -> None:
        known = (
            job.version in self.models if isinstance(job, TrainJob) else job.simulation in self.simulations
        )
        if not known:
            raise JournalError(
                self.journal.path,
                f"table jobs: {job.key} is to be run, and what it makes is in no other table; the journal was changed "
                "from outside: put a copy of your own in its place, and of backup/ beside it",
            )

    def _count(self, simulation: Simulation) -> None:
        self._count_state(simulation, 1)
        if simulation.level == "cg" and simulation.seed is not None:
            self.started[simulation.seed] += 1
            self.from_refined += self.seeds[simulation.seed].origin == "aa"

    def _count_state(self, simulation: Simulation, by: int) -> None:
        self._states[simulation.level, simulation.state] += by
        if simulation.level == "cg":
            self.generations[simulation.generation][simulation.state] += by
            if simulation.state != "failed":
                self._steps_planned += by * simulation.steps
        elif simulation.state == "rejected" and simulation.result:
            self.rejected_reasons.update(simulation.result["reasons"])

    def _open(self, job: Job) -> None:
        self.open[job.key] = job
        self._open_kinds[kind_of(job)] += 1

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def cg_time_planned(self) -> float:
        """ps of CG simulation planned in all, those that failed left out."""
        return self._steps_planned * self._timestep

    def write_off(self, steps: int) -> None:
        """These steps of CG simulation left no frames that could be found: they no longer count as planned."""
        self._steps_planned -= steps

    def open_by_kind(self) -> dict[str, int]:
        """Open jobs of each kind."""
        return {kind: self._open_kinds[kind] for kind in KINDS}

    def states(self, level: str) -> dict[str, int]:
        """Simulations of this level by state: open, done, failed, rejected."""
        return {state: self._states[level, state] for state in ("open", "done", "failed", "rejected")}

    def next_number(self, level: str) -> int:
        """The number of the next simulation of this level."""
        return 1 + sum(self.states(level).values())

    def refinements(self) -> dict[str, int]:
        """Refinements by what became of them: open, accepted, rejected, failed."""
        states = self.states("aa")
        return {
            "open": states["open"],
            "accepted": states["done"],
            "rejected": states["rejected"],
            "failed": states["failed"],
        }

    def latest_model(self) -> int:
        """The newest trained version; 0 for none."""
        return max((model.version for model in self.models.values() if model.state == "done"), default=0)

    def trained_frames(self) -> int:
        """Frames at the latest training, done or open; 0 before the first."""
        return max((model.frames for model in self.models.values() if model.state != "failed"), default=0)

    # -- what changes -------------------------------------------------------------------------------------------

    def add_seed(self, seed: Seed) -> None:
        """Record a seed."""
        self.journal.add_seed(seed)
        self.seeds[seed.id] = seed
        self.last_seed = seed.id
        self.seed_origins[seed.origin] += 1

    def plan_cg(self, job: CgJob, seed: Seed, *, steered: bool) -> None:
        """Record a CG simulation and its job."""
        self.journal.plan_cg(job, seed, steered=steered)
        simulation = Simulation(
            job.simulation, "cg", seed.generation, seed.id, job.force_field, job.steps, steered, "open"
        )
        self.simulations[simulation.id] = simulation
        self._open(job)
        self._count(simulation)

    def plan_refinement(self, job: RefineJob, promotion: Promotion, generation: int) -> None:
        """Record a refinement, its promotion and its job."""
        self.journal.plan_refinement(job, promotion, generation)
        simulation = Simulation(
            job.simulation, "aa", generation, None, job.force_field, job.steps, True, "open"
        )
        self.simulations[simulation.id] = simulation
        self.promotions[simulation.id] = promotion
        self.promoted_rows.append(promotion.frame_row)
        self._open(job)
        self._count(simulation)

    def plan_training(self, job: TrainJob) -> None:
        """Record a model version and its job."""
        self.journal.plan_training(job)
        self.models[job.version] = Model(job.version, job.frames, "open")
        self._open(job)

    def record(self, event: JobEvent) -> Job | None:
        """Record a job's end; returns the job when this is news and the job is over."""
        if not self.journal.record(event) or event.status == "returned":
            return None
        job = self.open.pop(event.key)
        self._open_kinds[kind_of(job)] -= 1
        if event.status == "failed":
            self.failed.append(event.key)
        if isinstance(job, TrainJob):
            statistics = None if event.result is None else msgspec.to_builtins(event.result)["statistics"]
            self.models[job.version] = replace(
                self.models[job.version], state=event.status, statistics=statistics
            )
        else:
            self._close_simulation(job.simulation, event)
        return job

    def _close_simulation(self, id: str, event: JobEvent) -> None:
        result = event.result if isinstance(event.result, CgResult | RefineResult) else None
        rejected = isinstance(result, RefineResult) and not result.accepted
        was = self.simulations[id]
        self.finishing.discard(id)
        simulation = replace(
            was,
            steps=result.steps if isinstance(result, CgResult) else was.steps,
            state="rejected" if rejected else event.status,
            result=None if result is None else msgspec.to_builtins(result),
        )
        self.simulations[id] = simulation
        self._count_state(was, -1)
        self._count_state(simulation, 1)
