"""Which OpenMM platform to run on: the fastest one that really works here."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import openmm
from openmm import app, unit

from sims.exceptions import PlatformError

__all__ = ["PLATFORMS", "PlatformChoice", "PlatformTrial", "choose_platform", "try_platforms", "visible_gpus"]

log = logging.getLogger(__name__)

PLATFORMS = ("CUDA", "HIP", "OpenCL", "CPU", "Reference")
"""OpenMM's platforms, fastest first."""

_GPU_PLATFORMS = frozenset({"CUDA", "HIP", "OpenCL"})
_LISTERS = {"cuda": ("nvidia-smi", "-L"), "hip": ("rocm-smi", "--showid", "--csv")}
_LISTED_GPU = {"cuda": re.compile(r"^GPU \d+:", re.M), "hip": re.compile(r"^card\d+,", re.M)}
_VISIBLE = {"cuda": ("CUDA_VISIBLE_DEVICES",), "hip": ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")}


class PlatformChoice(NamedTuple):
    """An OpenMM platform and the properties to open it with."""

    platform: openmm.Platform
    properties: dict[str, str]

    @property
    def name(self) -> str:
        """OpenMM's name of the platform."""
        return str(self.platform.getName())


@dataclass(frozen=True)
class PlatformTrial:
    """How one platform did in a short simulation.

    Attributes
    ----------
    name : str
    works : bool
    steps_per_second : float
        0 when it does not work.
    error : str
        Why it does not work; empty when it does.
    """

    name: str
    works: bool
    steps_per_second: float
    error: str


def choose_platform(
    name: str = "auto", device: int | str | None = None, threads: int | None = None
) -> PlatformChoice:
    """The platform to run on, proved by opening it.

    Parameters
    ----------
    name : {"auto", "CUDA", "HIP", "OpenCL", "CPU", "Reference"}
        ``auto`` takes the fastest that works: CUDA, HIP, OpenCL on a real GPU, CPU, Reference.
    device : int or str, optional
        A GPU's index among the visible ones (``CUDA_VISIBLE_DEVICES`` is honoured), or a name as `visible_gpus` gives
        it; ``"cpu"`` keeps ``auto`` away from GPUs.
    threads : int, optional
        Threads of the CPU platform; absent: ``OPENMM_CPU_THREADS``, otherwise 1, since two simulations of one thread
        give more than one of two.

    Returns
    -------
    PlatformChoice
        With mixed precision on GPUs.

    Raises
    ------
    PlatformError
        When the named platform, or with ``auto`` every platform, does not work here.
    """
    kind, index = _parse_device(device)
    if name != "auto":
        choice = _configured(name, index, threads)
        _open(choice)
        return choice
    problems = []
    for candidate in ("CPU", "Reference") if kind == "cpu" else PLATFORMS:
        try:
            choice = _configured(candidate, index, threads)
            _open(choice)
        except PlatformError as error:
            problems.append(f"{candidate}: {error.problem}")
            continue
        if index is not None and candidate not in _GPU_PLATFORMS:
            log.warning(
                "GPU %s cannot be used by OpenMM; running on %s. %s", device, candidate, "; ".join(problems)
            )
        return choice
    raise PlatformError("auto", "no platform works: " + "; ".join(problems))


def try_platforms(steps: int = 100) -> list[PlatformTrial]:
    """Run a small real system (TIP3P water) on every platform of this OpenMM, fastest first.

    Parameters
    ----------
    steps : int, optional
        Steps timed on each.
    """
    return [_try(name, steps) for name in PLATFORMS]


def visible_gpus() -> list[str]:
    """Names of the GPUs a process started here may use: ``cuda:0``, ``cuda:1``, … or ``hip:0``, …; often empty.

    The number counts the visible devices: with ``CUDA_VISIBLE_DEVICES=3,5`` the names are ``cuda:0`` and ``cuda:1``.
    """
    return [f"{kind}:{index}" for kind in _LISTERS for index in range(_count_visible(kind))]


def _count_visible(kind: str) -> int:
    present = len(_LISTED_GPU[kind].findall(_output(_LISTERS[kind])))
    for variable in _VISIBLE[kind]:
        if variable in os.environ:
            # As the CUDA and HIP runtimes read it: the list ends at the first entry that names no device.
            count = 0
            for entry in os.environ[variable].split(","):
                if not _names_device(entry.strip(), present):
                    break
                count += 1
            return min(count, present)
    return present


def _names_device(entry: str, present: int) -> bool:
    return int(entry) < present if entry.isdigit() else entry.startswith(("GPU-", "MIG-"))


def _output(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _parse_device(device: int | str | None) -> tuple[str | None, int | None]:
    """Kind and index of a device name."""
    if device is None or isinstance(device, int):
        return None, device
    if device == "cpu":
        return "cpu", None
    match = re.fullmatch(r"(?:(cuda|hip|opencl):)?([0-9]+)", device)
    if match is None:
        raise PlatformError(
            "auto", f"{device!r} is no device; expected an index, 'cpu', or a name like 'cuda:0'."
        )
    return match[1], int(match[2])


def _configured(name: str, index: int | None, threads: int | None) -> PlatformChoice:
    if name not in PLATFORMS:
        raise PlatformError(name, f"there is no such platform; choose one of auto, {', '.join(PLATFORMS)}.")
    try:
        platform = openmm.Platform.getPlatformByName(name)
    except openmm.OpenMMException as error:
        raise PlatformError(name, f"{str(error).rstrip('.')}. {_remedy(name)}".strip()) from error
    properties = {}
    if name in _GPU_PLATFORMS:
        properties["Precision"] = "mixed"
        if index is not None:
            properties["DeviceIndex"] = str(index)
    if name == "CPU":
        properties["Threads"] = str(threads or _environment_threads())
        # Otherwise PME adds charges in the order in which its threads come by, and a restart is off in the last digit.
        properties["DeterministicForces"] = "true"
    return PlatformChoice(platform, properties)


def _environment_threads() -> int:
    text = os.environ.get("OPENMM_CPU_THREADS", "").strip()
    return int(text) if text.isdigit() and int(text) > 0 else 1


def _remedy(name: str) -> str:
    """What to do when a platform is not there, with OpenMM's own reason where it gives one."""
    library = f"libOpenMM{name}.so: "
    failures = [
        f"{library}{text.split(library, 1)[1]}."
        for text in openmm.Platform.getPluginLoadFailures()
        if f"/{library}" in text
    ]
    extra = {
        "CUDA": "Install it with: pip install 'steer[cuda12]'.",
        "HIP": "Install it with: pip install 'steer[hip6]'.",
    }
    return " ".join([*failures, extra.get(name, "")]).strip()


def _open(choice: PlatformChoice) -> None:
    """Open a context on it and compute one energy; raise `PlatformError` when that fails."""
    system = openmm.System()
    system.addParticle(1.0)
    force = openmm.CustomExternalForce("x^2")
    force.addParticle(0, [])
    system.addForce(force)
    try:
        context = _context(system, choice)
        context.setPositions([openmm.Vec3(1, 0, 0)])
        energy = context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
        device = _opencl_device(context) if choice.name == "OpenCL" else ("", "")
    except openmm.OpenMMException as error:
        raise PlatformError(choice.name, f"{error}.") from error
    if not np.isclose(energy, 1.0, rtol=1e-4):
        raise PlatformError(choice.name, f"it computed an energy of {energy} kJ/mol where 1 is right.")
    if _is_processor(*device):
        raise PlatformError("OpenCL", f"its device, {device[1]}, is a CPU.")


def _opencl_device(context: openmm.Context) -> tuple[str, str]:
    """Runtime and name of the OpenCL device a context runs on."""
    platform = context.getPlatform()
    return (
        platform.getPropertyValue(context, "OpenCLPlatformName"),
        platform.getPropertyValue(context, "DeviceName"),
    )


def _is_processor(runtime: str, device: str) -> bool:
    """Whether an OpenCL device is a processor and no GPU (pocl, Intel's CPU runtime)."""
    names = r"portable computing language|\bpocl\b|\bcpu\b|xeon|epyc|\bcore\(tm\)"
    return re.search(names, f"{runtime} {device}", re.IGNORECASE) is not None


def _context(system: openmm.System, choice: PlatformChoice, timestep: float = 0.002) -> openmm.Context:
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, timestep)
    integrator.setRandomNumberSeed(1)
    return openmm.Context(system, integrator, choice.platform, choice.properties)


def _try(name: str, steps: int) -> PlatformTrial:
    try:
        choice = _configured(name, None, None)
        system, positions = _water()
        context = _context(system, choice)
        context.setPositions(positions)
        openmm.LocalEnergyMinimizer.minimize(context, 100.0, 20)
        context.setVelocitiesToTemperature(300.0, 1)
        seconds = _time(context, steps)
        energy = context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    except PlatformError as error:
        return PlatformTrial(name, False, 0.0, error.problem)
    except openmm.OpenMMException as error:
        return PlatformTrial(name, False, 0.0, str(error))
    if not np.isfinite(energy):
        return PlatformTrial(name, False, 0.0, f"the energy became {energy} after {steps} steps")
    return PlatformTrial(name, True, steps / seconds, "")


def _time(context: openmm.Context, steps: int) -> float:
    """Seconds for `steps`, after one step that compiles what has to be compiled."""
    integrator = context.getIntegrator()
    integrator.step(1)
    context.getState(positions=True)
    begin = time.perf_counter()
    integrator.step(steps)
    context.getState(positions=True)
    return max(time.perf_counter() - begin, 1e-9)


@cache
def _water() -> tuple[openmm.System, list[openmm.Vec3]]:
    """A periodic box of 125 rigid TIP3P waters on a lattice, with a reaction field."""
    field = app.ForceField("tip3p.xml")
    topology = app.Topology()
    chain = topology.addChain()
    positions: list[openmm.Vec3] = []
    for origin in _lattice(5, 0.32):
        residue = topology.addResidue("HOH", chain)
        atoms = [
            topology.addAtom(atom, app.Element.getBySymbol(atom[0]), residue) for atom in ("O", "H1", "H2")
        ]
        topology.addBond(atoms[0], atoms[1])
        topology.addBond(atoms[0], atoms[2])
        positions += [
            origin,
            origin + openmm.Vec3(0.09572, 0, 0),
            origin + openmm.Vec3(-0.023999, 0.092663, 0),
        ]
    topology.setUnitCellDimensions(openmm.Vec3(1.6, 1.6, 1.6))
    system = field.createSystem(
        topology, nonbondedMethod=app.CutoffPeriodic, nonbondedCutoff=0.75 * unit.nanometer
    )
    return system, positions


def _lattice(n: int, spacing: float) -> Iterator[openmm.Vec3]:
    for i, j, k in np.ndindex(n, n, n):
        yield openmm.Vec3(i * spacing, j * spacing, k * spacing)
