"""The loop: ingest, learn, decide, act, feed back. Thin: each verb lives in a module of its own.

`Coordinator.tick` does a bounded amount of each and returns, so that nothing waits for anything else: frames are
stored while a model trains, and a decision never waits for a queue. What it knows is rebuilt from the journal and
the frame store at the start, whatever became of Redis; jobs that were planned but are in no queue are submitted
again under their old keys.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.registry import load_model
from steer.act import Planner, round_steps
from steer.decide import State, anything_wanted, decide, goal_reached
from steer.evidence import believed
from steer.exceptions import CampaignError, ServerError
from steer.explored import ExploredMap
from steer.feedback.seeds import seed_from
from steer.fleet import Fleet
from steer.ingest import Ingest
from steer.jobs.finish import request_finish
from steer.latentfile import LatentFile, discard_older
from steer.ledger import Ledger
from steer.losses import Loss
from steer.measured import measured_target
from steer.messages import CgJob, Job, JobEvent, RefineJob, RefineResult, TrainJob
from steer.parentage import Parentage
from steer.retrieval import Retrieval
from steer.seed_book import SeedBook
from steer.shares import contributions
from steer.stopping import Looks, Running, running_simulations
from steer.summary import summarise
from steer.telling import Teller, refinement_sentence
from steer.training_frames import count_followed

if TYPE_CHECKING:
    from steer.beads import BeadMolecule
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig
    from steer.framestore import FrameStore
    from steer.journal import Journal, Seed
    from steer.observer import Observer
    from steer.status import Status
    from steer.stream import FrameStream

__all__ = ["Coordinator", "TooManyFailures"]

log = logging.getLogger(__name__)

READ_AT_ONCE = 20_000
"""Frame messages taken from the stream in one tick at most."""

BEADS_AT_ONCE = 3_000_000
"""Beads in them, about: tens of MB while they are looked at."""

CHECK_AT_ONCE = 2_000
"""Stored frames checked for damage in one tick in which none came: ten million in a quarter of an hour or so."""

RECONCILE_EVERY = 25
"""Ticks between two comparisons of the journal's open jobs with the queues; about 5 s. Counted, not timed, so that the
clock has no say in the order of things."""

RECONCILE_SHARE = 50
"""With many open jobs they are compared only once in so many ticks as there are jobs for each of this number."""

SERVER_RETRY = 0.5
"""s between two tries to reach a server that is away."""

FAILURES = 5
"""A campaign ends when this many jobs have failed and more failed than succeeded."""


class TooManyFailures(CampaignError):
    """Most jobs fail: something is wrong with the campaign, not with one job."""

    exit_code = 1


class Coordinator:
    """One campaign's loop.

    Parameters
    ----------
    directory : CampaignDirectory
    config : CampaignConfig
    journal : Journal
        Open for writing.
    store : FrameStore
        Open for writing.
    stream : FrameStream
    fleet : Fleet
    coarse : BeadMolecule
        The force-field version in use.
    observer : Observer
    revive : callable, optional
        Starts the Redis server again when it has died; absent for a server that is not ours.
    """

    def __init__(
        self,
        directory: CampaignDirectory,
        config: CampaignConfig,
        journal: Journal,
        store: FrameStore,
        stream: FrameStream,
        fleet: Fleet,
        coarse: BeadMolecule,
        observer: Observer,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self.directory, self.config, self.store, self.fleet = directory, config, store, fleet
        self.ledger = Ledger(journal, config)
        self._journal, self._stream, self._observer = journal, stream, observer
        self._judged: dict[Path, NDArray[np.floating]] = {}
        self._ingest = Ingest(
            stream, store, config.campaign.name, coarse.n_beads, self.ledger.simulations.__contains__
        )
        self._frames_at_once = max(1, min(READ_AT_ONCE, BEADS_AT_ONCE // coarse.n_beads))
        self._map = ExploredMap(
            store, coarse.bonded, coarse.bonded_lengths, measured_target(config, store, coarse)
        )
        self._parentage = Parentage(self.ledger)
        self._planner = Planner(directory, config, self.ledger, store, coarse)
        self._coarse = coarse
        self._retrieval = Retrieval(directory, store, config.campaign.name, _steps_between_frames(config))
        self._frames_checked = False
        self._missing: list[Loss] = []
        self._seeds = SeedBook(
            self.ledger,
            self._map,
            self._beads_of,
            config.seeding.per_refinement,
        )
        self._round = int(journal.get_meta("round", 0))
        self._elapsed = float(journal.get_meta("elapsed", 0.0))
        self._clock = time.monotonic()
        self._teller = Teller(directory.status, observer)
        self._revive = revive
        self._server_away = False
        self._looks = Looks(config.coarse.patience, store.count("cg") * config.coarse.frame_interval)
        self.phase, self.reason = "running", ""
        self._resume()

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self, should_stop: Callable[[], str | None]) -> str:
        """Tick until a goal is reached or `should_stop` gives a reason; returns the phase, finished or stopped."""
        while self.phase == "running":
            try:
                self.tick()
            except ServerError as error:
                self._wait_for_server(error)
            reason = should_stop()
            if reason and self.phase == "running":
                self.phase, self.reason = "stopped", reason
        self._drain()
        return self.phase

    def tick(self, wait: float = 0.2) -> None:
        """Do a bounded amount of everything once."""
        read = self._ingest.pump(self._frames_at_once, wait)
        if not read:
            self._check_frames()
            self._retrieve()
        self._take_events()
        if self._server_away:
            self._server_away = False
            self._since_reconciled = len(self.ledger.open) + RECONCILE_EVERY
            self._observer.event("Redis is back")
        self._since_reconciled += 1
        if self._since_reconciled >= max(RECONCILE_EVERY, len(self.ledger.open) // RECONCILE_SHARE):
            self._submit_lost()
        if self._map.advance(busy=read == self._frames_at_once):
            self._seeds.place()
            discard_older(self.directory.root / "latents", self._map.version)
            self._observer.event(
                f"latent model {self._map.version} is in use; coverage {self._map.coverage} cells"
            )
        self._decide()
        if self._teller.due:
            self._publish_status()

    def _wait_for_server(self, error: ServerError) -> None:
        """Redis is away: workers go on, frames and events wait where they are; look again in a moment."""
        if not self._server_away:
            self._observer.event(f"Redis does not answer, waiting for it: {error}")
        self._server_away = True
        if self._revive is not None:
            self._revive()
        time.sleep(SERVER_RETRY)

    def _resume(self) -> None:
        self._restore_map()
        self._retrieval.expect(self.ledger.simulations.values())
        self._request_finishes()
        if restored := self._planner.restore_structures():
            self._observer.event(f"{restored} start structures were lost and are written again")
        lost = self._submit_lost()
        if self.ledger.simulations:
            self._observer.event(
                f"resumed: {len(self.store)} frames, {len(self.ledger.simulations)} simulations, "
                f"{len(self.ledger.open)} open jobs ({lost} queued again)"
            )

    def _restore_map(self) -> None:
        """Take up the newest model; where its map has far to go, the one before it serves meanwhile."""
        versions = sorted(version for version, model in self.ledger.models.items() if model.state == "done")
        kept = {version: self._latents(version).rows() for version in versions}
        if versions and kept[versions[-1]] < max(kept.values()):
            self._adopt(max(versions, key=lambda version: (kept[version], version)))
            if self._map.advance():
                self._seeds.place()
        if versions:
            self._adopt(versions[-1])

    def _adopt(self, version: int) -> None:
        model = load_model(self.directory.model(version))
        self._map.adopt(model, self.ledger.models[version].frames, self._latents(version))

    def _latents(self, version: int) -> LatentFile:
        dimensions = self.config.latent.dimensions
        return LatentFile(self.directory.latents(version), self.directory.model(version), dimensions)

    def _check_frames(self) -> None:
        """Look at some more of the frames that were stored before this start, for damage that came since."""
        known = self.store.n_damaged
        self.store.verify(CHECK_AT_ONCE)
        if self.store.n_damaged == known and self._frames_checked:
            return
        self._frames_checked = True
        self._missing = self.store.missing()
        for loss in self._missing:
            self._observer.event(f"damaged in the frame store: {loss}")
        damaged = {loss.simulation for loss in self._missing}
        self._retrieval.expect(self.ledger.simulations[id] for id in damaged & self.ledger.simulations.keys())

    def _retrieve(self) -> None:
        """Complete the frames of simulations that have ended: with the stream empty, none of them is on its way."""
        for id, frames in self._retrieval.complete().items():
            if frames.retrieved:
                self._frames_checked = False
                self._observer.event(
                    f"{id}: {frames.retrieved} frames were lost on the way; its trajectory had them"
                )
            if frames.lost:
                self._observer.event(f"{id}: {frames.lost} frames are neither stored nor in its trajectory")
                if id.startswith("cg"):
                    self.ledger.write_off(frames.lost * _steps_between_frames(self.config)["cg"])

    def _submit_lost(self) -> int:
        """Queue again what the journal says is open but no queue knows; returns how many those were."""
        self._since_reconciled = 0
        known = self.fleet.known()
        # A job's end is told before it leaves its queue: what is in no queue now and still open after its events
        # were read is lost.
        self._take_events()
        lost = [key for key in self.ledger.open if key not in known]
        self._submit(lost)
        return len(lost)

    def _drain(self) -> None:
        self._map.close()
        for key in list(self.ledger.open):
            self.fleet.cancel(key)
        while self._ingest.pump(self._frames_at_once, 0.0):
            pass
        self._take_events()
        self._map.keep(at_once=True)
        self._journal.set_meta("elapsed", self._elapsed_now())
        self._publish_status()

    # -- feed back ----------------------------------------------------------------------------------------------

    def _take_events(self) -> None:
        events = self.fleet.events()
        if not events:
            return
        self._judged.clear()
        borne_out = [believed(event, self.directory, self._judge_beads) for _, event in events]
        with self._journal.transaction():
            ended = [(event, *self._record(event)) for event in borne_out]
        for event, job, seed in ended:
            if job is not None:
                self._follow_up(event, job, seed)
            elif event.status == "returned":
                self._observer.event(
                    f"{event.key} is queued again, given back by {event.worker}: {event.error}"
                )
        self.fleet.acknowledge([receipt for receipt, _ in events])

    def _judge_beads(self, path: Path) -> NDArray[np.floating]:
        """Read a structure that a worker left; a seed that it becomes need not be read again."""
        positions = self._judged[path] = self._coarse.read_pdb(path)
        return positions

    def _beads_of(self, seed: Seed) -> NDArray[np.floating]:
        path = self.directory.root / seed.file
        judged = self._judged.pop(path, None)
        return self._coarse.read_pdb(path) if judged is None else judged

    def _record(self, event: JobEvent) -> tuple[Job | None, Seed | None]:
        """Write an event down with what follows from it: the job that it ends, and the seed that it gives."""
        job = self.ledger.record(event)
        if job is None or not isinstance(event.result, RefineResult):
            return job, None
        seed = seed_from(event.result, self._planner)
        if seed:
            self.ledger.add_seed(seed)
        return job, seed

    def _follow_up(self, event: JobEvent, job: Job, seed: Seed | None) -> None:
        """Do, and say, what a job's end that is in the journal leads to."""
        if isinstance(job, CgJob | RefineJob):
            self._retrieval.expect([self.ledger.simulations[job.simulation]])
        if event.status == "failed":
            self._observer.event(f"{event.key} failed: {event.error} (log: {event.log})")
            self._check_failures(event.error)
        elif isinstance(job, TrainJob):
            self._adopt(job.version)
        elif isinstance(job, CgJob):
            self._observer.event(f"{job.simulation} done")
        elif isinstance(event.result, RefineResult):
            self._observer.event(refinement_sentence(event.result, seed.id if seed else 0))

    def _check_failures(self, error: str) -> None:
        failed = len(self.ledger.failed)
        ended = (self.ledger.states("cg"), self.ledger.states("aa"))
        succeeded = sum(states["done"] + states["rejected"] for states in ended)
        if failed >= FAILURES and failed > succeeded:
            raise TooManyFailures(
                self.directory.root,
                f"{failed} jobs failed and only {succeeded} succeeded, so the campaign stops. The last error was: "
                f"{error} The logs are in {self.directory.logs}; mend the cause and run the same command again.",
            )

    # -- decide and act -----------------------------------------------------------------------------------------

    def counts(self) -> State:
        """The campaign in numbers, without latent points: cheap, for every tick."""
        interval = self.config.coarse.frame_interval
        capacity = self.fleet.capacity()
        return State(
            round=self._round,
            slots={"all": capacity.slots, "cg": 0, "refine": 0, "train": 0, **capacity.kinds},
            open=self.ledger.open_by_kind(),
            frames=len(self.store),
            followed_frames=self._followed_frames(),
            expected_frames=round(self.ledger.cg_time_planned / interval),
            trained_frames=self.ledger.trained_frames(),
            model=self._map.version,
            drift=self._map.drift,
            cg_time=self.store.count("cg") * interval,
            cg_time_planned=self.ledger.cg_time_planned,
            accepted=self.ledger.refinements()["accepted"],
            coverage=self._map.coverage,
            elapsed=self._elapsed_now() * 1e12,
            seeds=self._seeds.options(),
            running=self._running(),
        )

    def _followed_frames(self) -> int:
        if self.ledger.trained_frames() or len(self.store) < self.config.latent.min_frames:
            return 0
        return count_followed(self.store)

    def _running(self) -> list[Running]:
        """CG simulations to be judged now, whether they are ended early."""
        interval = self.config.coarse.frame_interval
        at_once = min(self.ledger.open_by_kind()["cg"], self.fleet.capacity().kinds.get("cg", 0))
        if not self._map.version or not self._looks.due(self.store.count("cg") * interval, at_once):
            return []
        return running_simulations(self.ledger, self.store.frames_of_simulations(), interval)

    def state(self, counts: State) -> tuple[State, NDArray[np.int64]]:
        """The campaign as decisions see it, and the frame-store rows of the candidates."""
        promoted = self.ledger.promoted_rows
        starts = self._seeds.starts()
        found = self._map.candidates(promoted, starts)
        if found is None:
            return counts, np.empty(0, np.int64)
        candidates, rows = found
        candidates = replace(
            candidates,
            yields=self._parentage.yields(self._map.discoveries),
            times=self.store.time[rows] if counts.running else None,
        )
        state = replace(
            counts,
            candidates=candidates,
            explored=self._map.sample(),
            selected=self._map.points(promoted),
            starts=starts,
        )
        if self.config.refinement.share_bounds is None:
            return state, rows
        lately = contributions(self._journal, self.ledger, self._map.discoveries)
        return replace(state, lately=lately, share=self._journal.get_meta("share")), rows

    def _decide(self) -> None:
        counts = self.counts()
        reason = goal_reached(self.config, counts)
        if reason and not _about_to_end(counts):
            self.phase, self.reason = "finished", reason
        if reason or not anything_wanted(self.config, counts):
            return
        state, rows = self.state(counts)
        actions = decide(self.config, state)
        if counts.running:
            self._looks.done(counts.cg_time)
        self._map.keep()
        if actions:
            planned = self._planner.plan(actions, state.round, rows, state.model)
            for sentence in planned.sentences:
                self._observer.event(sentence)
            self._round += 1
            self._request_finishes()
            self._submit(planned.keys)

    def _request_finishes(self) -> None:
        for simulation in sorted(self.ledger.finishing):
            request_finish(self.directory.simulation(simulation))

    def _submit(self, keys: Sequence[str]) -> None:
        if keys:
            self.fleet.submit(*(self.ledger.open[key] for key in keys))
            with self._journal.transaction():
                self._journal.mark_submitted(keys)

    # -- tell ---------------------------------------------------------------------------------------------------

    def _elapsed_now(self) -> float:
        return self._elapsed + time.monotonic() - self._clock

    def _publish_status(self) -> None:
        self._teller.tell(self._status)
        self._journal.set_meta("elapsed", self._elapsed_now())

    def _status(self) -> Status:
        state = self.counts()
        return summarise(
            phase=self.phase,
            reason=self.reason,
            state=state,
            config=self.config,
            ledger=self.ledger,
            aa_frames=self.store.count("aa"),
            counts=self._ingest.counts,
            backlog=self._stream.backlog(),
            progress=self.fleet.progress(),
            workers=self.fleet.workers(),
            refusals=self.fleet.refusals(),
            free_space=shutil.disk_usage(self.directory.root).free,
            history=self._teller.remember(len(self.store), state.cg_time),
            missing=self._missing,
        )


def _about_to_end(state: State) -> bool:
    """Whether all frames of the open CG simulations have come, so that their ends are only moments away."""
    return state.open["cg"] > 0 and state.cg_time >= state.cg_time_planned * (1 - 1e-9)


def _steps_between_frames(config: CampaignConfig) -> dict[str, int]:
    return {
        "cg": round_steps(config.coarse.frame_interval, config.coarse.timestep),
        "aa": round_steps(config.refinement.frame_interval, config.allatom.timestep),
    }
