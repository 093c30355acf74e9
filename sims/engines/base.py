"""What the engines on OpenMM share: start, save, restore, rescue, run; each adds its system and its beads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openmm
from numpy.typing import NDArray

from sims.engines.dynamics import Dynamics, Thermostat
from sims.engines.protocol import EngineFrame, Level, Progress
from sims.engines.states import (
    SystemRecord,
    read_record,
    read_state,
    read_system,
    write_record,
    write_state,
    write_system,
)
from sims.exceptions import StateMismatch
from sims.platforms import PlatformChoice
from sims.whole import gather

__all__ = ["OpenMMEngine"]


class OpenMMEngine(ABC):
    """Base of the engines on OpenMM; see the `sims.engines.protocol.Engine` seam for its methods.

    Parameters
    ----------
    identity : str
        Force-field identity of the solute; states of another one are refused.
    solute : int
        Particles of the solute.
    thermostat : Thermostat
    platform : PlatformChoice
    """

    name: str
    level: Level

    def __init__(self, identity: str, solute: int, thermostat: Thermostat, platform: PlatformChoice) -> None:
        self.timestep = thermostat.timestep
        self.platform = platform.name
        self._identity = identity
        self._solute = solute
        self._thermostat = thermostat
        self._choice = platform
        self._seed = 0
        self._prepared: Dynamics | None = None
        self._molecules: list[NDArray[np.int64]] = []
        self._described: set[Path] = set()

    @property
    def step(self) -> int:
        """Integrator steps since the simulation's start."""
        return self.dynamics.step

    @property
    def dynamics(self) -> Dynamics:
        """The system in motion.

        Raises
        ------
        RuntimeError
            When neither `start` nor `restore` has been called.
        """
        if self._prepared is None:
            raise RuntimeError("This engine has no system yet: call start() or restore() first.")
        return self._prepared

    def start(self, positions: NDArray[np.floating], seed: int, progress: Progress | None = None) -> None:
        """Build the system around these coordinates, minimise, relax and draw velocities."""
        solute = np.asarray(positions, np.float64)
        if solute.shape != (self._solute, 3) or not np.isfinite(solute).all():
            raise ValueError(
                f"The {self.name} engine starts from finite coordinates of shape ({self._solute}, 3), "
                f"not from an array of shape {solute.shape}."
            )
        report = progress or _silent
        report("build", 0.0)
        dynamics = self._prepare(solute, seed, report)
        dynamics.begin()
        self._take(dynamics, seed)

    def restore(self, state: Path) -> None:
        """Continue from a state that `save` wrote, on this or any other platform.

        Raises
        ------
        StateError
            When the state is damaged.
        StateMismatch
            When it is not of this engine's force field and time step.
        """
        record = read_record(state.parent)
        self._check_record(record, state.parent / "system.json")
        content = read_state(state)
        system = read_system(state.parent)
        if len(content.getPositions(asNumpy=True)) != system.getNumParticles():
            raise StateMismatch(state, "its number of particles is not that of system.xml beside it")
        dynamics = Dynamics(system, self._thermostat, self._choice, record.seed)
        dynamics.resume(content)
        self._take(dynamics, record.seed)
        self._described.add(state.parent.resolve())

    def save(self, state: Path) -> None:
        """Write a portable state, and ``system.xml`` and ``system.json`` beside it where they are not there yet."""
        self._describe(state.parent)
        write_state(state, self.dynamics.state())
        self.dynamics.reseed()

    def rescue(self, state: Path) -> None:
        """Go back to a state with new velocities and let a while pass in smaller steps."""
        self.dynamics.rescue(read_state(state))

    def run(self, steps: int, every: int) -> Iterator[EngineFrame]:
        """Advance by `steps`, yielding a frame at each step that is a multiple of `every`."""
        last = self.step + steps
        while self.step < last:
            following = min(last, (self.step // every + 1) * every)
            self.dynamics.advance(following - self.step)
            if following % every == 0:
                yield self._frame()

    def solute(self) -> NDArray[np.float32]:
        """Present coordinates (n, 3) of the whole solute in nm, molecules whole and together."""
        return self._whole().astype(np.float32)

    @abstractmethod
    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb`` (and ``atoms.pdb``)."""

    @abstractmethod
    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        """Build the system around these solute coordinates and bring it to where production can begin."""

    def _set_up(
        self,
        system: openmm.System,
        positions: NDArray[np.floating],
        box: NDArray[np.floating] | None,
        seed: int,
    ) -> Dynamics:
        """A built system (solute first) on this engine's platform and thermostat."""
        dynamics = Dynamics(system, self._thermostat, self._choice, seed)
        dynamics.place(positions, box)
        return dynamics

    def _beads(self, solute: NDArray[np.float64]) -> NDArray[np.floating]:
        """The followed beads of a solute."""
        return solute

    def _whole(self) -> NDArray[np.float64]:
        solute = self.dynamics.positions()[: self._solute]
        return gather(solute, self._molecules, self.dynamics.box())

    def _frame(self) -> EngineFrame:
        return EngineFrame(
            step=self.step,
            time=self.step * self.timestep,
            box=self.dynamics.box().astype(np.float32),
            positions=self._beads(self._whole()).astype(np.float32),
        )

    def _take(self, dynamics: Dynamics, seed: int) -> None:
        self._prepared, self._seed = dynamics, seed
        self._molecules = [molecule for molecule in dynamics.molecules() if molecule[0] < self._solute]
        self._described.clear()

    def _describe(self, directory: Path) -> None:
        """Write what the state needs beside it, once for each folder."""
        if directory.resolve() in self._described:
            return
        write_system(directory, self.dynamics.system)
        write_record(directory, self._record())
        self._described.add(directory.resolve())

    def _record(self) -> SystemRecord:
        return SystemRecord(
            engine=self.name,
            identity=self._identity,
            solute=self._solute,
            seed=self._seed,
            temperature=self._thermostat.temperature,
            friction=self._thermostat.friction,
            timestep=self._thermostat.timestep,
        )

    def _check_record(self, record: SystemRecord, path: Path) -> None:
        for field in ("engine", "identity", "solute", "timestep"):
            theirs, ours = getattr(record, field), getattr(self._record(), field)
            if theirs != ours:
                raise StateMismatch(path, f"its {field} is {theirs!r} and not {ours!r} as asked for")


def _silent(_phase: str, _fraction: float) -> None:
    """No progress reported."""
