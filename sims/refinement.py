"""From promoted beads to an all-atom structure that may be simulated, or to the reasons why there is none.

The first choice of backmapper is tried with one randomness after another, then the fallback is. Every structure is
looked at; one whose geometry passes must also survive a short simulation. What is rejected stays on disk beside its
report, so that a person can see why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from sims.allatom import AllAtomModel, AllAtomOptions
from sims.backmap.anatomy import Anatomy
from sims.backmap.endurance import TIME, endure
from sims.backmap.protocol import Backmapper, BackmapRequest
from sims.backmap.quality import Judgement, Limits, QualityReport, inspect, judge
from sims.exceptions import BackmapError
from sims.files import write_atomic

__all__ = ["Backmapped", "backmap_with_retries"]

log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Backmapped:
    """What came of backmapping one configuration.

    Attributes
    ----------
    positions : ndarray, shape (n_atoms, 3), float32
        nm, in the order of the structure's topology.
    report : QualityReport
        Facts about these positions.
    accepted : bool
        Whether they may be simulated.
    reasons : tuple of str
        Why not, one sentence each.
    backmapper : str
        Which implementation made them.
    attempts : int
        How many structures were tried for, over all implementations.
    """

    positions: NDArray[np.float32]
    report: QualityReport
    accepted: bool
    reasons: tuple[str, ...]
    backmapper: str
    attempts: int


def backmap_with_retries(
    request: BackmapRequest,
    *,
    first: Backmapper,
    fallback: Backmapper | None,
    attempts: int,
    directory: Path,
    limits: Limits | None = None,
    dynamics: float | None = TIME,
    temperature: float = 300.0,
    progress: Progress | None = None,
) -> Backmapped:
    """Backmap until a structure passes the quality gate, or the attempts are used up.

    Parameters
    ----------
    request : BackmapRequest
        Its seed is the source of the seeds of all attempts.
    first, fallback : Backmapper
        The fallback is tried when every attempt of the first has failed; None for no fallback.
    attempts : int
        Tries for each backmapper, each with other randomness.
    directory : Path
        Made when absent. Gets ``backmapped.pdb`` and ``.json`` of the accepted structure, and
        ``rejected-NN-NAME.pdb`` and ``.json`` of each rejected one (the JSON alone where there was no structure).
    limits : Limits, optional
        Of the quality gate.
    dynamics : float, optional
        ps that a structure must survive in implicit solvent; None to look at geometry only.
    temperature : float, optional
        K of that simulation.
    progress : callable, optional
        Called with a phase and the share of the attempts that are used up.

    Returns
    -------
    Backmapped
        The first accepted structure; otherwise the best of the rejected ones, with ``accepted`` False.

    Raises
    ------
    ValueError
        When `attempts` is not positive.
    BackmapError
        When no backmapper made any structure at all.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, but it is {attempts}.")
    directory.mkdir(parents=True, exist_ok=True)
    gate = _Gate(request, limits or Limits(), dynamics, temperature)
    backmappers = [first] if fallback is None else [first, fallback]
    total = attempts * len(backmappers)
    best: Backmapped | None = None
    failure: BackmapError | None = None
    for number, (backmapper, seed) in enumerate(_schedule(backmappers, attempts, request.seed), start=1):
        _tell(progress, f"backmap with {backmapper.name}", (number - 1) / total)
        trial = replace(request, seed=seed)
        name = f"rejected-{number:02d}-{backmapper.name}"
        try:
            candidate = replace(gate.attempt(backmapper, trial), attempts=number)
        except BackmapError as error:
            failure = error
            log.warning("%s (attempt %d)", error, number)
            _keep_failure(directory / f"{name}.json", backmapper.name, seed, str(error))
            continue
        if candidate.accepted:
            _keep(directory / "backmapped", request, candidate)
            _tell(progress, "backmapped", 1.0)
            return candidate
        log.warning(
            "Attempt %d with %s was rejected. %s", number, backmapper.name, " ".join(candidate.reasons)
        )
        _keep(directory / name, request, candidate)
        best = candidate if best is None or _badness(candidate) < _badness(best) else best
    if best is None:
        raise failure or BackmapError(first.name, "it made no structure.")
    return replace(best, attempts=total)


class _Gate:
    """Makes one structure and judges it."""

    def __init__(
        self, request: BackmapRequest, limits: Limits, dynamics: float | None, temperature: float
    ) -> None:
        self._anatomy = Anatomy(request.structure.topology)
        self._model = AllAtomModel(request.structure, AllAtomOptions(solvent="implicit"))
        self._limits, self._dynamics, self._temperature = limits, dynamics, temperature

    def attempt(self, backmapper: Backmapper, request: BackmapRequest) -> Backmapped:
        begun = perf_counter()
        positions = backmapper.backmap(request)
        seconds = perf_counter() - begun
        report = inspect(
            request, positions, backmapper=backmapper.name, seconds=seconds, anatomy=self._anatomy
        )
        judgement = judge(report, self._limits)
        if judgement.accepted and self._dynamics is not None:
            report, judgement = self._endure(request, positions, report, self._dynamics)
        return Backmapped(positions, report, judgement.accepted, judgement.reasons, backmapper.name, 1)

    def _endure(
        self, request: BackmapRequest, positions: NDArray[np.float32], report: QualityReport, time: float
    ) -> tuple[QualityReport, Judgement]:
        endurance = endure(
            request.structure,
            positions,
            seed=request.seed,
            time=time,
            temperature=self._temperature,
            anatomy=self._anatomy,
            model=self._model,
        )
        complete = replace(report, endurance=endurance)
        return complete, judge(complete, self._limits)


def _schedule(backmappers: list[Backmapper], attempts: int, seed: int) -> Iterator[tuple[Backmapper, int]]:
    seeds = np.random.SeedSequence(seed).generate_state(attempts * len(backmappers))
    turns = [backmapper for backmapper in backmappers for _ in range(attempts)]
    for backmapper, word in zip(turns, seeds.tolist(), strict=True):
        yield backmapper, word % 2**31


def _badness(candidate: Backmapped) -> tuple[bool, int, float]:
    report = candidate.report
    faults = (report.wrong_centres, report.cis_peptides, report.severe_clashes, report.pierced_rings)
    return not report.finite, sum(len(fault) for fault in faults) + len(candidate.reasons), report.bead_rmsd


def _keep(stem: Path, request: BackmapRequest, candidate: Backmapped) -> None:
    if candidate.report.finite:
        request.structure.with_positions(candidate.positions).write(stem.with_suffix(".pdb"))
    record = {
        "accepted": candidate.accepted,
        "reasons": list(candidate.reasons),
        "report": candidate.report.to_dict(),
    }
    write_atomic(stem.with_suffix(".json"), json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _keep_failure(path: Path, backmapper: str, seed: int, error: str) -> None:
    record = {"accepted": False, "reasons": [error], "backmapper": backmapper, "seed": seed, "report": None}
    write_atomic(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _tell(progress: Progress | None, phase: str, fraction: float) -> None:
    if progress is not None:
        progress(phase, fraction)
