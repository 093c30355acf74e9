"""Portable states on disk: an OpenMM State as XML, sealed by a checksum, beside the system it belongs to.

Three files describe a simulation completely, on any platform and without the force field it was built from::

    state-000000500000.xml   positions, velocities, box, parameters, step (OpenMM XmlSerializer, with a checksum comment)
    system.xml               the OpenMM System
    system.json              what the system is: engine, force-field identity, thermostat, random seed

OpenMM's own ``XmlSerializer.deserialize`` reads both XML files. Binary checkpoints are not used: they tie a simulation
to one GPU model.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import openmm
from openmm import XmlSerializer, unit

from sims.engines.harmless import problem_with
from sims.exceptions import StateError
from sims.files import write_atomic

__all__ = [
    "SystemRecord",
    "read_record",
    "read_state",
    "read_system",
    "write_record",
    "write_state",
    "write_system",
]

_SEAL = re.compile(r"<!-- crc32 ([0-9a-f]{8}) -->\s*\Z")
_FORMAT = 1
_T = TypeVar("_T")


@dataclass(frozen=True)
class SystemRecord:
    """What the system in ``system.xml`` is.

    Attributes
    ----------
    engine : str
        Engine that built it.
    identity : str
        Force-field identity of the solute; a state is only continued by an engine of the same identity.
    solute : int
        Particles of the solute; they come first.
    seed : int
        Source of all randomness of the simulation.
    temperature : float
        K.
    friction : float
        1/ps.
    timestep : float
        ps.
    """

    engine: str
    identity: str
    solute: int
    seed: int
    temperature: float
    friction: float
    timestep: float


def write_state(path: Path, state: openmm.State) -> None:
    """Write a State atomically, sealed with a checksum."""
    write_atomic(path, _sealed(XmlSerializer.serialize(state)))


def read_state(path: Path) -> openmm.State:
    """A State that `write_state` wrote.

    Raises
    ------
    StateError
        When the file is missing, truncated or altered, or holds anything but finite positions and velocities.
    OSError
        When it is there but cannot be read at present.
    """
    state = _deserialize(path, openmm.State)
    try:
        arrays = [
            state.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
            state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond),
        ]
    except openmm.OpenMMException as error:
        raise StateError(path, f"it lacks positions or velocities ({error})") from error
    if not all(np.isfinite(array).all() for array in arrays):
        raise StateError(path, "it holds coordinates or velocities that are not finite")
    return state


def write_system(directory: Path, system: openmm.System) -> None:
    """Write ``system.xml``."""
    write_atomic(directory / "system.xml", _sealed(XmlSerializer.serialize(system)))


def read_system(directory: Path) -> openmm.System:
    """The System that `write_system` wrote; raises `StateError` when it is missing or damaged."""
    return _deserialize(directory / "system.xml", openmm.System)


def write_record(directory: Path, record: SystemRecord) -> None:
    """Write ``system.json``."""
    text = json.dumps({"format": _FORMAT, **asdict(record)}, indent=1, sort_keys=True)
    write_atomic(directory / "system.json", text + "\n")


def read_record(directory: Path) -> SystemRecord:
    """The record that `write_record` wrote; raises `StateError` when it is missing, damaged or of another format."""
    path = directory / "system.json"
    try:
        content = json.loads(path.read_text())
        if content.pop("format") != _FORMAT:
            raise StateError(
                path, f"it is not of format {_FORMAT}; it was written by another version of this program"
            )
        return SystemRecord(**content)
    except FileNotFoundError as error:
        raise StateError(path, "it is not there") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, StateError):
            raise
        raise StateError(path, f"it is damaged ({error})") from error


def _sealed(text: str) -> str:
    text = text.rstrip() + "\n"
    return f"{text}<!-- crc32 {zlib.crc32(text.encode()):08x} -->\n"


def _deserialize(path: Path, kind: type[_T]) -> _T:
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError as error:
        raise StateError(path, "it is not there") from error
    except UnicodeDecodeError as error:
        raise StateError(path, "it is damaged: it is not text") from error
    seal = _SEAL.search(text)
    if seal is None or f"{zlib.crc32(text[: seal.start()].encode()):08x}" != seal[1]:
        raise StateError(path, "it is truncated or altered: its checksum is missing or does not fit")
    if problem := problem_with(text, kind.__name__):
        raise StateError(path, problem)
    try:
        return cast(_T, XmlSerializer.deserialize(text))
    except (openmm.OpenMMException, ValueError) as error:
        raise StateError(path, f"OpenMM cannot read it ({error})") from error
