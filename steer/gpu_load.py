"""How busy the GPUs of a worker are, and how full their memories: as the driver's own programs tell it.

``nvidia-smi`` and ``rocm-smi`` are asked in a process of their own, every so often: a driver that hangs costs a reading,
never the worker. What cannot be had is None. A share of a GPU (MIG) is shown without load, which its driver does not
measure; a machine without a GPU has no reading at all.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import math
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from steer.connection import PASSWORD_VARIABLE
from steer.messages import GpuLoad
from steer.slots import Slot

__all__ = ["EVERY", "GpuTotals", "GpuWatch", "gpu_totals", "in_words", "parse_nvidia", "parse_rocm"]

log = logging.getLogger(__name__)

EVERY = 5.0
"""s between two readings."""

PATIENCE = 10.0
"""s that a driver's program may take."""

_NVIDIA = (
    "nvidia-smi",
    "--query-gpu=index,uuid,name,utilization.gpu,memory.used,memory.total",
    "--format=csv,noheader,nounits",
)
_ROCM = ("rocm-smi", "--showuse", "--showmeminfo", "vram", "--json")

MIB = 2**20


class GpuWatch:
    """Reads the GPUs that a worker's slots use. For one event loop.

    Parameters
    ----------
    slots : sequence of Slot
    platform : str
        OpenMM platform of the worker's simulations. Slots are named after NVIDIA's GPUs only; on a worker of another
        make that simulates on ``HIP`` or ``OpenCL``, every GPU that ``rocm-smi`` knows is read.
    every : float
        s between two readings.
    patience : float
        s that the driver's program may take.

    Attributes
    ----------
    readings : list of GpuLoad
        The newest; one for each GPU, in the order of the slots.
    """

    def __init__(
        self, slots: Sequence[Slot], platform: str, every: float = EVERY, patience: float = PATIENCE
    ) -> None:
        self._devices = list(dict.fromkeys(slot.device for slot in slots if slot.device.startswith("cuda:")))
        self._amd = not self._devices and platform in ("HIP", "OpenCL")
        self._every, self._patience = every, patience
        self._failed = False
        self.readings: list[GpuLoad] = []

    async def run(self) -> None:
        """Read until cancelled; at once over where there is nothing to read."""
        while self._devices or self._amd:
            self.readings = await self.read()
            await asyncio.sleep(self._every)

    async def read(self) -> list[GpuLoad]:
        """One reading. GPUs of slots that the driver does not know by their name (MIG) have no numbers."""
        if self._amd:
            return parse_rocm(await self._ask(_ROCM))
        told = parse_nvidia(await self._ask(_NVIDIA))
        return [_of_device(device, told) for device in self._devices]

    async def _ask(self, command: Sequence[str]) -> str:
        """What a program prints; empty when it is missing, fails or does not answer, which is logged once."""
        program = shutil.which(command[0])
        if program is None:
            return ""
        environment = {name: value for name, value in os.environ.items() if name != PASSWORD_VARIABLE}
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *command[1:],
                stdin=nothing,
                stdout=pipe,
                stderr=nothing,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            self._complain(f"{command[0]} does not start: {error}")
            return ""
        try:
            answer, _ = await asyncio.wait_for(process.communicate(), self._patience)
        except TimeoutError:
            self._complain(f"{command[0]} has not answered for {self._patience:g} s")
            return ""
        finally:
            await _end(process)
        if process.returncode != 0:
            self._complain(f"{command[0]} ended with code {process.returncode}")
            return ""
        self._failed = False
        return answer.decode(errors="replace")

    def _complain(self, problem: str) -> None:
        if not self._failed:
            log.warning("the load of the GPUs is unknown: %s", problem)
        self._failed = True


@dataclass(frozen=True)
class GpuTotals:
    """All GPUs of some workers together.

    Attributes
    ----------
    count : int
        GPUs.
    load : float
        Mean share of the time in which they were busy, of those that tell it; NaN when none does.
    memory_used, memory_total : float
        Bytes, of those that tell it; NaN when none does.
    """

    count: int
    load: float
    memory_used: float
    memory_total: float


def gpu_totals(workers: Sequence[Mapping[str, Any]]) -> GpuTotals:
    """The GPUs of workers as a `Status` holds them; a GPU that two workers of one host share counts once."""
    gpus = {
        (worker.get("host"), gpu["device"]): gpu for worker in workers for gpu in worker.get("gpus", [])
    }.values()
    loads = [gpu["load"] for gpu in gpus if gpu["load"] is not None]
    filled = [gpu for gpu in gpus if gpu["memory_used"] is not None and gpu["memory_total"] is not None]
    return GpuTotals(
        count=len(gpus),
        load=sum(loads) / len(loads) if loads else math.nan,
        memory_used=sum(gpu["memory_used"] for gpu in filled) if filled else math.nan,
        memory_total=sum(gpu["memory_total"] for gpu in filled) if filled else math.nan,
    )


def in_words(totals: GpuTotals) -> str:
    """``2 GPUs 87% busy, 3.1 of 160 GB used``; ``no GPU`` without one."""
    if not totals.count:
        return "no GPU"
    name = "1 GPU" if totals.count == 1 else f"{totals.count} GPUs"
    busy = "of unknown load" if math.isnan(totals.load) else f"{totals.load:.0%} busy"
    if math.isnan(totals.memory_used):
        return f"{name} {busy}"
    return f"{name} {busy}, {totals.memory_used * 1e-9:.3g} of {totals.memory_total * 1e-9:.3g} GB used"


def parse_nvidia(text: str) -> dict[str, GpuLoad]:
    """Readings by index and by UUID, from ``nvidia-smi --query-gpu=… --format=csv,noheader,nounits``.

    Lines of another form are left out; values like ``[N/A]`` are None.
    """
    found: dict[str, GpuLoad] = {}
    for row in csv.reader(io.StringIO(text), skipinitialspace=True):
        if len(row) != 6 or not row[0].isdigit():
            continue
        index, uuid, name, load, used, total = (value.strip() for value in row)
        reading = GpuLoad(
            device=f"cuda:{index}",
            name=name,
            load=_number(load, 0.01, 1.0),
            memory_used=_number(used, MIB),
            memory_total=_number(total, MIB),
        )
        found |= {index: reading, uuid: reading}
    return found


def parse_rocm(text: str) -> list[GpuLoad]:
    """Readings from ``rocm-smi --showuse --showmeminfo vram --json``; none from other text."""
    try:
        cards = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(cards, dict):
        return []
    return [
        _of_card(name, card)
        for name, card in cards.items()
        if name.startswith("card") and isinstance(card, dict)
    ]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs, with all that it has started: they hold its pipe open."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # One that hangs inside the driver dies when the driver lets it.
        with suppress(TimeoutError):
            await asyncio.wait_for(process.communicate(), 1.0)


def _of_card(name: str, card: Mapping[str, Any]) -> GpuLoad:
    return GpuLoad(
        device=f"rocm:{name.removeprefix('card')}",
        name=str(card.get("Card Series") or card.get("Card series") or "AMD"),
        load=_number(card.get("GPU use (%)"), 0.01, 1.0),
        memory_used=_number(card.get("VRAM Total Used Memory (B)")),
        memory_total=_number(card.get("VRAM Total Memory (B)")),
    )


def _of_device(device: str, told: Mapping[str, GpuLoad]) -> GpuLoad:
    """The reading of a slot's device: an index, or a UUID, which CUDA lets one shorten."""
    wanted = device.removeprefix("cuda:")
    same = [wanted] if wanted in told else [name for name in told if wanted and name.startswith(wanted)]
    if len(same) == 1:
        found = told[same[0]]
        return GpuLoad(device, found.name, found.load, found.memory_used, found.memory_total)
    return GpuLoad(device)


def _number(value: object, scale: float = 1.0, most: float = float(2**53)) -> float | None:
    try:
        number = float(str(value)) * scale
    except ValueError:
        return None
    return number if 0 <= number <= most else None
