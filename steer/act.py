"""From actions to jobs: files first, then one journal transaction, then the fleet.

A crash before the transaction leaves files that nothing names and the next decision writes again; a crash after it
leaves planned jobs, which resume submits under the same keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from steer.campaign import SEEDS, CampaignDirectory
from steer.config import CampaignConfig
from steer.decide import Action, Refine, StartFromFrame, StartFromSeed, Train
from steer.exceptions import CampaignError
from steer.identities import NUMBERS
from steer.journal import Promotion, Seed
from steer.ledger import Ledger
from steer.links import make_folder
from steer.messages import CgJob, RefineJob, TrainJob
from steer.shards import positions_of
from steer.shares import Apportion
from steer.stopping import Finish

if TYPE_CHECKING:
    from steer.beads import BeadMolecule
    from steer.framestore import FrameStore

__all__ = ["Planned", "Planner"]

FORCE_FIELD = 1
"""Version every new simulation runs with; feedback on parameters will publish later ones."""

_STREAMS = {"cg": 1, "refine": 2, "train": 3}


@dataclass(frozen=True)
class Planned:
    """What was written for one decision.

    Attributes
    ----------
    keys : list of str
        Of its jobs, in their order.
    sentences : list of str
        One on each action, for the log.
    """

    keys: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Frame:
    """A stored frame that was chosen: its row, where it is from, and its beads (n_beads, 3), nm."""

    row: int
    simulation: str
    step: int
    positions: NDArray[np.float32]


@dataclass
class Planner:
    """Turns the actions of one decision into planned jobs.

    Attributes
    ----------
    directory : CampaignDirectory
    config : CampaignConfig
    ledger : Ledger
    store : FrameStore
    coarse : BeadMolecule
        For writing bead structures.
    """

    directory: CampaignDirectory
    config: CampaignConfig
    ledger: Ledger
    store: FrameStore
    coarse: BeadMolecule

    def plan(self, actions: Sequence[Action], round: int, rows: NDArray[np.int64], model: int) -> Planned:
        """Write everything these actions need, and the journal.

        Parameters
        ----------
        actions : sequence of Action
        round : int
            The decision round they come from.
        rows : ndarray, shape (n,), int64
            Frame-store rows of the candidates that the actions' choices index.
        model : int
            Latent model version they were chosen in.

        Returns
        -------
        Planned
        """
        planned = Planned()
        frames = self._frames(
            int(rows[a.choice.index]) for a in actions if isinstance(a, Refine | StartFromFrame)
        )
        with self.ledger.journal.transaction():
            for action in actions:
                key, subject = self._apply(action, round, rows, frames, model)
                self.ledger.journal.note(round, type(action).__name__, subject, action.reason)
                if key:
                    planned.keys.append(key)
                planned.sentences.append(f"{subject}: {action.reason}")
            self.ledger.journal.set_meta("round", round + 1)
        return planned

    def _frames(self, rows: Iterable[int]) -> dict[int, _Frame]:
        """Frames that a decision has chosen, by row, read together.

        Raises
        ------
        StorageError
            When one of them turns out to be damaged.
        """
        wanted = sorted(set(rows))
        records, simulations = self.store.records(wanted), self.store.simulations(wanted)
        for row, simulation in zip(wanted, simulations, strict=True):
            if not simulation:
                self.store.simulation(row)
        return {
            row: _Frame(row, simulation, step, beads)
            for row, simulation, step, beads in zip(
                wanted, simulations, records["step"].tolist(), positions_of(records), strict=True
            )
        }

    def _apply(
        self, action: Action, round: int, rows: NDArray[np.int64], frames: Mapping[int, _Frame], model: int
    ) -> tuple[str | None, str]:
        """Key of the action's job, if it has one, and what it is about."""
        match action:
            case Train():
                return self._train()
            case Refine():
                return self._refine(action, frames[int(rows[action.choice.index])], round, model)
            case StartFromSeed():
                return self._start(self.ledger.seeds[action.seed], steered=action.steered)
            case Finish():
                self.ledger.finishing.add(action.simulation)
                return None, action.simulation
            case Apportion():
                self.ledger.journal.set_meta("share", action.share)
                return None, "slots"
            case StartFromFrame():
                return self._start(
                    self._seed_from_frame(frames[int(rows[action.choice.index])]), steered=True
                )

    def _train(self) -> tuple[str, str]:
        version = max(self.ledger.models, default=0) + 1
        job = TrainJob(
            key=f"train:{version:04d}",
            version=version,
            previous=self.ledger.latest_model(),
            frames=len(self.store),
            random_seed=self._random_seed("train", version),
        )
        self.ledger.plan_training(job)
        return job.key, f"latent model {version}"

    def _refine(self, action: Refine, frame: _Frame, round: int, model: int) -> tuple[str, str]:
        number = self._next_number("aa")
        simulation = f"aa-{number:06d}"
        folder = self.directory.folder_of(simulation)
        target = f"{folder}/target.pdb"
        make_folder(self.directory.root, folder)
        self._write_beads(frame.positions, target)
        job = RefineJob(
            key=f"refine:{simulation}",
            simulation=simulation,
            target=target,
            reference=self._atoms_of(self.ledger.seeds[action.reference]),
            force_field=FORCE_FIELD,
            steps=round_steps(self.config.refinement.length, self.config.allatom.timestep),
            random_seed=self._random_seed("refine", number),
        )
        promotion = Promotion(
            simulation,
            frame.simulation,
            frame.step,
            frame.row,
            model,
            action.choice.selector,
            action.choice.score,
            round,
        )
        generation = self.ledger.simulations[frame.simulation].generation
        self.ledger.plan_refinement(job, promotion, generation)
        return job.key, simulation

    def _next_number(self, level: str) -> int:
        number = self.ledger.next_number(level)
        if number >= NUMBERS:
            raise CampaignError(
                self.directory.root,
                f"has had {NUMBERS - 1:,} {level} simulations, and frames have no room for a larger number; go on in "
                "a new campaign, with longer simulations.",
            )
        return number

    def _start(self, seed: Seed, *, steered: bool) -> tuple[str, str]:
        number = self._next_number("cg")
        simulation = f"cg-{number:06d}"
        job = CgJob(
            key=f"cg:{simulation}",
            simulation=simulation,
            start=seed.file,
            force_field=FORCE_FIELD,
            steps=round_steps(self.config.coarse.length, self.config.coarse.timestep),
            random_seed=self._random_seed("cg", number),
        )
        self.ledger.plan_cg(job, seed, steered=steered)
        return job.key, f"{simulation} from seed {seed.id}"

    def _seed_from_frame(self, frame: _Frame) -> Seed:
        seed = self.new_seed("cg", frame.simulation, frame.step, frame.row)
        self._write_beads(frame.positions, seed.file)
        self.ledger.add_seed(seed)
        return seed

    def new_seed(self, origin: Literal["cg", "aa"], parent: str, step: int, row: int | None = None) -> Seed:
        """The next seed, one generation after its parent; neither written nor recorded yet."""
        number = self.ledger.last_seed + 1
        generation = self.ledger.simulations[parent].generation + 1
        return Seed(number, origin, generation, f"{SEEDS}/seed-{number:06d}.pdb", parent, step, row)

    def _atoms_of(self, seed: Seed) -> str:
        result = None
        if seed.origin != "input" and seed.parent is not None:
            result = self.ledger.simulations[seed.parent].result
        return str(result["end_state"]) if result else self._relative(self.directory.protein)

    def restore_structures(self) -> int:
        """Write again the structures that open jobs begin with and a power cut has taken; returns how many."""
        lost = [(row, file) for row, file in self._frames_of_open_jobs() if not self._is_whole(file)]
        frames = self._frames(row for row, _ in lost)
        for row, file in lost:
            make_folder(self.directory.root, os.path.dirname(file))
            self._write_beads(frames[row].positions, file)
        return len(lost)

    def _frames_of_open_jobs(self) -> Iterator[tuple[int, str]]:
        rows = {seed.file: seed.frame_row for seed in self.ledger.seeds.values()}
        for job in self.ledger.open.values():
            if isinstance(job, RefineJob):
                yield self.ledger.promotions[job.simulation].frame_row, job.target
            elif isinstance(job, CgJob) and (row := rows[job.start]) is not None:
                yield row, job.start

    def _write_beads(self, positions: NDArray[np.float32], file: str) -> None:
        # Not synced: the frame is in the frame store, which is, and thousands a second may be written.
        self.coarse.write_pdb(self.directory.root / file, positions, durable=False)

    def _is_whole(self, name: str) -> bool:
        """Whether a structure that was written is there to its last line."""
        try:
            with (self.directory.root / name).open("rb") as file:
                file.seek(-4, os.SEEK_END)
                return file.read() == b"END\n"
        except OSError:
            return False

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.directory.root).as_posix()

    def _random_seed(self, kind: str, number: int) -> int:
        sequence = np.random.SeedSequence(self.config.campaign.seed, spawn_key=(_STREAMS[kind], number))
        return int(sequence.generate_state(1)[0] >> 1)


def round_steps(length: float, timestep: float) -> int:
    """Steps of `timestep` (ps) in `length` (ps)."""
    return round(length / timestep)
