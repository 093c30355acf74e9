"""Run one simulation in a folder, so that it can be killed at any moment and continued.

A simulation advances in segments. At the end of each, its trajectory part gets its name and then its state is
written; a run that finds a state continues from it, and what lies beyond the last whole state is done again, under
the same names. The folder holds::

    topology.pdb               the followed beads; opens frames-*.xtc
    frames-000000000000.xtc    their trajectory, one part a segment, named after the step it begins at
    atoms.pdb, atoms-*.xtc     the solute's atoms (all-atom simulations only)
    state-000000500000.xml     the last two portable states
    system.xml, system.json    the system they belong to
    broken-000000512345.xml    a configuration that diverged, should one have

Should two processes ever run in one folder, the later one removes the unfinished files of the earlier, which then
fails instead of mixing with it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.engines.protocol import Engine, EngineFrame, Progress
from sims.exceptions import SimulationDiverged, StateError, StateMismatch
from sims.trajectory import PartWriter, discard_parts_from, part_path

__all__ = ["RunSummary", "list_states", "run_simulation", "state_path"]

log = logging.getLogger(__name__)

_CHUNK = 250
_KEPT_STATES = 2
_TRACKS = {"cg": ("frames",), "aa": ("frames", "atoms")}


@dataclass(frozen=True)
class RunSummary:
    """What a call of `run_simulation` came to.

    Attributes
    ----------
    steps : int
        Steps of the simulation so far, earlier calls included.
    frames : int
        Frames of the simulation so far, earlier calls included.
    seconds : float
        Real time this call spent in production.
    steps_per_second : float
        Of this call; 0 when it had nothing to do.
    completed : bool
        Whether all steps are done; otherwise it was asked to stop.
    state : Path or None
        Latest state; None when it was stopped before there was one.
    rescues : int
        How often this call had to go back and continue with new velocities.
    """

    steps: int
    frames: int
    seconds: float
    steps_per_second: float
    completed: bool
    state: Path | None
    rescues: int


def run_simulation(
    engine: Engine,
    directory: Path,
    *,
    start: NDArray[np.floating],
    seed: int,
    steps: int,
    segment: int,
    every: int,
    on_frame: Callable[[EngineFrame], None],
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RunSummary:
    """Run a simulation to `steps`, or continue the one in `directory`.

    Parameters
    ----------
    engine : Engine
        Neither started nor restored yet; afterwards it stands at the last step.
    directory : Path
        The simulation's own folder; made when absent.
    start : ndarray, shape (n, 3)
        Solute coordinates in nm; used only where there is no state to continue from.
    seed : int
        Source of all randomness; likewise.
    steps : int
        In all, earlier calls included.
    segment : int
        Steps between states.
    every : int
        Steps between frames; frames lie at multiples of it.
    on_frame : callable
        Called with each frame as it is made. Frames of a segment that is done again come again, with the same step.
    progress : callable, optional
        Called often, with a phase and the fraction of it that is done.
    should_stop : callable, optional
        Asked often; once it answers True the state is written at the present step and the call returns.

    Returns
    -------
    RunSummary

    Raises
    ------
    SimulationDiverged
        When coordinates or energy became NaN twice in one segment: once more after going back to the last sound
        state, with new velocities and a smaller step for a while. Both states are kept on disk.
    StateMismatch
        When the folder holds a simulation of another system.
    """
    if steps < 0 or segment < 1 or every < 1:
        raise ValueError(
            f"A run needs steps >= 0, segment >= 1 and every >= 1, not steps={steps}, segment={segment}, every={every}."
        )
    run = _Run(engine, directory, steps, segment, every, on_frame, progress, should_stop)
    try:
        run.prepare(start, seed)
        run.produce()
    except _StoppedError:
        pass
    return run.summary()


def state_path(directory: Path, step: int) -> Path:
    """Path of the state at `step`."""
    return directory / f"state-{step:012d}.xml"


def list_states(directory: Path) -> list[tuple[int, Path]]:
    """(step, path) of every state in a simulation's folder, in order."""
    found = ((re.fullmatch(r"state-([0-9]{12,})\.xml", path.name), path) for path in directory.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


class _StoppedError(Exception):
    """Asked to stop while preparing; there is nothing to save."""


class _Run:
    """One call of `run_simulation`."""

    def __init__(
        self,
        engine: Engine,
        directory: Path,
        steps: int,
        segment: int,
        every: int,
        on_frame: Callable[[EngineFrame], None],
        progress: Progress | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._steps, self._segment, self._every = steps, segment, every
        self._on_frame = on_frame
        self._progress = progress
        self._should_stop = should_stop
        self._state: Path | None = None
        self._done = 0
        self._seconds = 0.0
        self._rescues = 0

    def prepare(self, start: NDArray[np.floating], seed: int) -> None:
        """Restore the last whole state, or start and write the first one."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for leftover in self._directory.glob(".*.part"):
            leftover.unlink(missing_ok=True)
        if not self._restore():
            self._engine.start(start, seed, self._report_preparation)
            self._forget_from(0)
            self._engine.write_topology(self._directory)
            self._save()

    def produce(self) -> None:
        """Segment after segment until all steps are done or a stop is asked for."""
        begin, first = time.perf_counter(), self._engine.step
        try:
            while self._engine.step < self._steps and not self._asked_to_stop():
                self._segment_with_rescue()
        finally:
            self._seconds = time.perf_counter() - begin
            self._done = self._engine.step - first

    def summary(self) -> RunSummary:
        """What it came to."""
        step = 0 if self._state is None else self._engine.step
        return RunSummary(
            steps=step,
            frames=step // self._every,
            seconds=self._seconds,
            steps_per_second=self._done / self._seconds if self._done else 0.0,
            completed=self._state is not None and step >= self._steps,
            state=self._state,
            rescues=self._rescues,
        )

    def _restore(self) -> bool:
        for step, path in reversed(list_states(self._directory)):
            try:
                self._engine.restore(path)
            except StateMismatch:
                raise
            except StateError as error:
                log.warning("%s Falling back to what came before it.", error)
                continue
            self._state = path
            self._forget_from(step)
            return True
        return False

    def _forget_from(self, step: int) -> None:
        """Remove what lies beyond the state at `step`: it is about to be done again."""
        for later, path in list_states(self._directory):
            if later > step or self._state is None:
                path.unlink()
        for name in _TRACKS[self._engine.level]:
            discard_parts_from(self._directory, name, step)

    def _segment_with_rescue(self) -> None:
        try:
            self._one_segment()
        except SimulationDiverged as first:
            broken = self._keep_broken(first.step)
            log.warning("%s Going back to %s with new velocities.", first, self._state)
            self._rescues += 1
            try:
                self._rescue()
                self._one_segment()
            except SimulationDiverged as second:
                raise SimulationDiverged(second.step, self._state, broken) from second

    def _rescue(self) -> None:
        if self._state is not None:
            self._engine.rescue(self._state)

    def _one_segment(self) -> None:
        """Run to the segment's end, or until a stop is asked for; then part, state, in this order."""
        first = self._engine.step
        end = min(self._steps, (first // self._segment + 1) * self._segment)
        with ExitStack() as stack:
            parts = {
                name: stack.enter_context(PartWriter(part_path(self._directory, name, first)))
                for name in _TRACKS[self._engine.level]
            }
            while self._engine.step < end and not self._asked_to_stop():
                for frame in self._engine.run(min(_CHUNK, end - self._engine.step), self._every):
                    self._record(frame, parts)
                self._report("run", self._engine.step / self._steps)
            for part in parts.values():
                part.finish()
        self._save()

    def _record(self, frame: EngineFrame, parts: dict[str, PartWriter]) -> None:
        parts["frames"].write(frame.positions, frame.step, frame.time, frame.box)
        if "atoms" in parts:
            parts["atoms"].write(self._engine.solute(), frame.step, frame.time, frame.box)
        self._on_frame(frame)

    def _save(self) -> None:
        path = state_path(self._directory, self._engine.step)
        if path != self._state:
            self._engine.save(path)
            self._state = path
        for _, old in list_states(self._directory)[:-_KEPT_STATES]:
            old.unlink()

    def _keep_broken(self, step: int) -> Path:
        path = self._directory / f"broken-{step:012d}.xml"
        self._engine.save(path)
        return path

    def _asked_to_stop(self) -> bool:
        return self._should_stop is not None and self._should_stop()

    def _report(self, phase: str, fraction: float) -> None:
        if self._progress is not None:
            self._progress(phase, fraction)

    def _report_preparation(self, phase: str, fraction: float) -> None:
        self._report(phase, fraction)
        if self._asked_to_stop():
            raise _StoppedError
