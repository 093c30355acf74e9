"""What the coverage plots are drawn from: plain arrays, read from a campaign directory without its coordinator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steer.coverage.axes import Axis, measure_axes
from steer.exceptions import CampaignError
from steer.journal import JobRow, Journal, Model, Promotion, Seed, Simulation
from steer.latentfile import LatentFile
from steer.latents import LatentTable

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig
    from steer.config.state import NamedState
    from steer.framereader import FrameReader

__all__ = ["CoverageData", "load_coverage_data"]

ENCODE_AT_ONCE = 20_000
READ_AT_ONCE = 5_000


@dataclass(frozen=True)
class CoverageData:
    """Frames, seeds and refinements of a campaign in the latent space of its newest model.

    Attributes
    ----------
    campaign : str
    version : int
        Latent model version.
    model : str
        Its kind, as ``vae``.
    trained : int
        Frames it was trained on (the first rows); their spread sets the size of the coverage cells.
    points : ndarray, shape (n, d), float32
        Latent points of all frames, in the order in which they were stored.
    errors : ndarray, shape (n,), float32
        Decode errors of the same model.
    cg, aa : ndarray, shape (n,), bool
        Which of them are coarse-grained and all-atom; neither, where a record was found damaged.
    number : ndarray, shape (n,), int
        Number of the simulation each belongs to, within its level.
    step : ndarray, shape (n,), int
    time : ndarray, shape (n,)
        ps since the start of its simulation.
    published, received : ndarray, shape (n,)
        Unix times at which a frame left its simulation and reached the coordinator; for display only.
    frame_interval, aa_frame_interval : float
        ps of simulation that one CG frame, and one AA frame, stands for.
    seeds : list of Seed
    seed_points : ndarray, shape (len(seeds), d), float32
    simulations : dict of str to Simulation
    promotions : list of Promotion
    models : list of Model
    jobs : list of JobRow
    decisions : list of (int, str, str, str)
        Round, action, subject and reason, oldest first.
    axes : dict of str to Axis
        The campaign's collective variables, by name.
    states : tuple of NamedState
    """

    campaign: str
    version: int
    model: str
    trained: int
    points: NDArray[np.float32]
    errors: NDArray[np.float32]
    cg: NDArray[np.bool_]
    aa: NDArray[np.bool_]
    number: NDArray[np.int64]
    step: NDArray[np.int64]
    time: NDArray[np.float64]
    published: NDArray[np.float64]
    received: NDArray[np.float64]
    frame_interval: float
    aa_frame_interval: float
    seeds: list[Seed]
    seed_points: NDArray[np.float32]
    simulations: dict[str, Simulation]
    promotions: list[Promotion]
    models: list[Model]
    jobs: list[JobRow]
    decisions: list[tuple[int, str, str, str]]
    axes: dict[str, Axis] = field(default_factory=dict)
    states: tuple[NamedState, ...] = ()

    def generation(self) -> NDArray[np.int64]:
        """Generation of each frame's simulation, shape (n,); -1 for a simulation the journal does not know."""
        tables = {level: np.full(int(self.number.max(initial=0)) + 1, -1) for level in ("cg", "aa")}
        for id, simulation in self.simulations.items():
            number = int(id[3:])
            if number < len(tables[simulation.level]):
                tables[simulation.level][number] = simulation.generation
        return np.where(self.cg, tables["cg"][self.number], tables["aa"][self.number])

    def steered(self) -> NDArray[np.bool_]:
        """Whether each frame's simulation was started by a selection, shape (n,)."""
        unsteered = [int(id[3:]) for id, s in self.simulations.items() if s.level == "cg" and not s.steered]
        return ~(self.cg & np.isin(self.number, unsteered))


def load_coverage_data(directory: CampaignDirectory, config: CampaignConfig) -> CoverageData:
    """Read a campaign's frames, encode them with its newest model and measure its collective variables.

    Raises
    ------
    CampaignError
        When there is no trained model yet.
    """
    from models.registry import load_model
    from steer.collectives import bind_collectives
    from steer.framereader import FrameReader
    from steer.molecule import load_beads

    journal = Journal(directory.journal, read_only=True)
    try:
        models = journal.models()
        trained = [model for model in models if model.state == "done"]
        if not trained:
            raise CampaignError(
                directory.root,
                "there is no latent model yet, so nothing to draw; the first is trained when "
                f"{config.latent.min_frames} frames are stored ('steer status' tells how many are).",
            )
        model = load_model(directory.model(trained[-1].version))
        store = FrameReader(directory.frames)
        folders = directory.latents(model.version), directory.model(model.version)
        kept = LatentFile(*folders, model.n_latents, read_only=True)
        table = LatentTable(model, store, file=kept)
        while table.advance(ENCODE_AT_ONCE):
            pass
        rows = len(table)
        seeds = journal.seeds()
        coarse = load_beads(config.molecule, directory, 1)
        beads = np.array([coarse.read_pdb(directory.root / seed.file) for seed in seeds], dtype=np.float32)
        published, received = _times(store, rows)
        level = np.asarray(store.level[:rows])
        return CoverageData(
            campaign=config.campaign.name,
            version=model.version,
            model=model.name,
            trained=trained[-1].frames,
            points=table.points,
            errors=table.errors,
            cg=level == "cg",
            aa=level == "aa",
            number=np.asarray(store.number[:rows], dtype=np.int64),
            step=np.asarray(store.step[:rows], dtype=np.int64),
            time=np.asarray(store.time[:rows], dtype=np.float64),
            published=published,
            received=received,
            frame_interval=config.coarse.frame_interval,
            aa_frame_interval=config.refinement.frame_interval,
            seeds=seeds,
            seed_points=model.encode(beads),
            simulations={simulation.id: simulation for simulation in journal.simulations()},
            promotions=journal.promotions(),
            models=models,
            jobs=journal.jobs(),
            decisions=journal.decisions(),
            axes=measure_axes(bind_collectives(config.collective, coarse), store, rows),
            states=config.state,
        )
    finally:
        journal.close()


def _times(store: FrameReader, rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    published, received = np.empty(rows), np.empty(rows)
    for start in range(0, rows, READ_AT_ONCE):
        chunk = slice(start, min(rows, start + READ_AT_ONCE))
        records = store.records(chunk)
        published[chunk], received[chunk] = records["published"], records["received"]
    return published, received
