"""The loop: ingest, learn, decide, act, feed back. Thin: each verb lives in a module of its own.

`Coordinator.tick` does a bounded amount of each and returns, so that nothing waits for anything else: frames are
stored while a model trains, and a decision never waits for a queue. What it knows is rebuilt from the journal and
the frame store at the start, whatever became of Redis; jobs that were planned but are in no queue are submitted
again under their old keys.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.registry import load_model
from steer.act import Planner
from steer.decide import SeedOption, State, decide, goal_reached
from steer.exceptions import CampaignError
from steer.explored import ExploredMap
from steer.feedback.seeds import seed_from
from steer.fleet import Fleet
from steer.ingest import Ingest
from steer.ledger import Ledger
from steer.messages import CgJob, RefineResult, TrainJob
from steer.status import Status
from steer.summary import summarise

if TYPE_CHECKING:
    from sims.martini.model import CoarseModel

    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig
    from steer.framestore import FrameStore
    from steer.journal import Journal
    from steer.stream import FrameStream

__all__ = ["Coordinator", "Observer", "TooManyFailures"]

log = logging.getLogger(__name__)

READ_AT_ONCE = 5_000
"""Frame messages taken from the stream in one tick."""

STATUS_EVERY = 1.0
"""s between two status files."""

FAILURES = 5
"""A campaign ends when this many jobs have failed and more failed than succeeded."""


class TooManyFailures(CampaignError):
    """Most jobs fail: something is wrong with the campaign, not with one job."""

    exit_code = 1


class Observer(Protocol):
    """Who wants to know what the coordinator does: a terminal, a log, nobody."""

    def event(self, text: str) -> None:
        """Something happened: one line."""

    def update(self, status: Status) -> None:
        """The campaign as it is now."""


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
    coarse : CoarseModel
        The force-field version in use.
    observer : Observer
    """

    def __init__(
        self,
        directory: CampaignDirectory,
        config: CampaignConfig,
        journal: Journal,
        store: FrameStore,
        stream: FrameStream,
        fleet: Fleet,
        coarse: CoarseModel,
        observer: Observer,
    ) -> None:
        self.directory, self.config, self.store, self.fleet = directory, config, store, fleet
        self.ledger = Ledger(journal, config)
        self._journal, self._stream, self._observer = journal, stream, observer
        self._ingest = Ingest(
            stream, store, config.campaign.name, coarse.n_beads, self.ledger.simulations.__contains__
        )
        self._map = ExploredMap(store, coarse.bonded, coarse.bonded_lengths)
        self._planner = Planner(directory, config, self.ledger, store, coarse)
        self._coarse = coarse
        self._seed_beads = {
            seed.id: coarse.read_pdb(directory.root / seed.file) for seed in self.ledger.seeds.values()
        }
        self._seed_points: dict[int, NDArray[np.float32]] = {}
        self._elapsed = float(journal.get_meta("elapsed", 0.0))
        self._clock = time.monotonic()
        self._history: deque[tuple[float, int, float]] = deque(maxlen=60)
        self._status_at = 0.0
        self._progress_keys: set[str] = set()
        self.phase, self.reason = "running", ""
        self._resume()

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self, should_stop: Callable[[], str | None]) -> str:
        """Tick until a goal is reached or `should_stop` gives a reason; returns the phase, finished or stopped."""
        while self.phase == "running":
            self.tick()
            reason = should_stop()
            if reason and self.phase == "running":
                self.phase, self.reason = "stopped", reason
        self._drain()
        return self.phase

    def tick(self, wait: float = 0.2) -> None:
        """Do a bounded amount of everything once."""
        self._ingest.pump(READ_AT_ONCE, wait)
        self._take_events()
        if self._map.advance():
            self._encode_seeds()
            self._observer.event(
                f"latent model {self._map.version} is in use; coverage {self._map.coverage} cells"
            )
        self._decide()
        if time.monotonic() - self._status_at >= STATUS_EVERY:
            self._publish_status()

    def _resume(self) -> None:
        version = self.ledger.latest_model()
        if version:
            self._map.adopt(load_model(self.directory.model(version)), self.ledger.models[version].frames)
        known = self.fleet.known()
        lost = [job for key, job in self.ledger.open.items() if key not in known]
        self._submit([job.key for job in lost])
        if self.ledger.simulations:
            self._observer.event(
                f"resumed: {len(self.store)} frames, {len(self.ledger.simulations)} simulations, "
                f"{len(self.ledger.open)} open jobs ({len(lost)} queued again)"
            )

    def _drain(self) -> None:
        for key in list(self.ledger.open):
            self.fleet.cancel(key)
        while self._ingest.pump(READ_AT_ONCE, 0.0):
            pass
        self._take_events()
        self._journal.set_meta("elapsed", self._elapsed_now())
        self._publish_status()

    # -- feed back ----------------------------------------------------------------------------------------------

    def _take_events(self) -> None:
        receipts = []
        for receipt, event in self.fleet.events():
            with self._journal.transaction():
                job = self.ledger.record(event)
                seed = None
                if isinstance(event.result, RefineResult) and job is not None:
                    seed = seed_from(event.result, self._planner)
                    if seed:
                        self.ledger.add_seed(seed)
            receipts.append(receipt)
            if job is None:
                continue
            if event.status == "failed":
                self._observer.event(f"{event.key} failed: {event.error} (log: {event.log})")
                self._check_failures(event.error)
            elif isinstance(job, TrainJob):
                self._map.adopt(load_model(self.directory.model(job.version)), job.frames)
            elif isinstance(job, CgJob):
                self._observer.event(f"{job.simulation} done")
            elif isinstance(event.result, RefineResult):
                self._observer.event(_refinement_sentence(event.result, seed.id if seed else 0))
            if seed:
                self._seed_beads[seed.id] = self._coarse.read_pdb(self.directory.root / seed.file)
                self._encode_seeds()
        if receipts:
            self.fleet.acknowledge(receipts)

    def _check_failures(self, error: str) -> None:
        failed = len(self.ledger.failed)
        succeeded = sum(s.state in ("done", "rejected") for s in self.ledger.simulations.values())
        if failed >= FAILURES and failed > succeeded:
            raise TooManyFailures(
                self.directory.root,
                f"{failed} jobs failed and only {succeeded} succeeded, so the campaign stops. The last error was: "
                f"{error} The logs are in {self.directory.logs}; mend the cause and run the same command again.",
            )

    def _encode_seeds(self) -> None:
        if self._map.model is None or not self._seed_beads:
            return
        ids = sorted(self._seed_beads)
        points = self._map.model.encode(np.array([self._seed_beads[id] for id in ids], dtype=np.float32))
        self._seed_points = dict(zip(ids, points, strict=True))

    # -- decide and act -----------------------------------------------------------------------------------------

    def state(self) -> tuple[State, NDArray[np.int64]]:
        """The campaign as decisions see it, and the frame-store rows of the candidates."""
        found = self._map.candidates([p.frame_row for p in self.ledger.promotions.values()])
        candidates, rows = found if found else (None, np.empty(0, np.int64))
        cg_frames = self.store.count("cg")
        interval = self.config.coarse.frame_interval
        capacity = self.fleet.capacity()
        state = State(
            round=int(self._journal.get_meta("round", 0)),
            slots={"all": capacity.slots, "cg": 0, "refine": 0, "train": 0, **capacity.kinds},
            open=self.ledger.open_by_kind(),
            frames=len(self.store),
            expected_frames=round(self.ledger.cg_time_planned / interval),
            trained_frames=self.ledger.trained_frames(),
            model=self._map.version,
            drift=self._map.drift,
            cg_time=cg_frames * interval,
            cg_time_planned=self.ledger.cg_time_planned,
            accepted=self.ledger.refinements()["accepted"],
            coverage=self._map.coverage,
            elapsed=self._elapsed_now() * 1e12,
            seeds=[
                SeedOption(seed.id, seed.origin, self.ledger.started[seed.id], self._seed_points.get(seed.id))
                for seed in self.ledger.seeds.values()
            ],
            candidates=candidates,
            explored=self._map.sample(),
            selected=self._map.points([p.frame_row for p in self.ledger.promotions.values()]),
        )
        return state, rows

    def _decide(self) -> None:
        state, rows = self.state()
        reason = goal_reached(self.config, state)
        if reason:
            self.phase, self.reason = "finished", reason
            return
        actions = decide(self.config, state)
        if actions:
            before = set(self.ledger.open)
            for sentence in self._planner.plan(actions, state.round, rows, state.model):
                self._observer.event(sentence)
            self._submit([key for key in self.ledger.open if key not in before])

    def _submit(self, keys: list[str]) -> None:
        for key in keys:
            self.fleet.submit(self.ledger.open[key])
        if keys:
            with self._journal.transaction():
                self._journal.mark_submitted(keys)

    # -- tell ---------------------------------------------------------------------------------------------------

    def _elapsed_now(self) -> float:
        return self._elapsed + time.monotonic() - self._clock

    def _publish_status(self) -> None:
        self._status_at = time.monotonic()
        state, _ = self.state()
        self._history.append((self._status_at, len(self.store), state.cg_time))
        status = summarise(
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
            history=list(self._history),
        )
        write_status(self.directory.status, status)
        self._journal.set_meta("elapsed", self._elapsed_now())
        self._observer.update(status)


def write_status(path: Path, status: Status) -> None:
    """Write ``status.json``, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(status)))
    temporary.replace(path)


def _refinement_sentence(result: RefineResult, seed: int) -> str:
    tries = f"{result.backmapper}, attempt {result.attempts}"
    if result.accepted:
        return f"{result.simulation} accepted ({tries}); its end is seed {seed}"
    return f"{result.simulation} rejected ({tries}): {'; '.join(result.reasons)}"
