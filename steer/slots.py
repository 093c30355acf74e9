"""Slots: what a worker has to give to a job at a time, a GPU (or a share of one) or some CPU cores."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steer.exceptions import ConfigError, EnvironmentNotReady

__all__ = ["Slot", "SlotPool", "make_slots", "usable_cores", "visible_gpus"]

log = logging.getLogger(__name__)

_QUERY = ("--query-gpu=index", "--format=csv,noheader")


@dataclass(frozen=True)
class Slot:
    """Room for one job.

    Attributes
    ----------
    number : int
        From zero.
    device : str
        ``cuda:0`` or ``cpu``.
    environment : mapping of str to str
        Variables that confine a process to this slot.
    threads : int
        CPU threads of a process.
    """

    number: int
    device: str
    environment: Mapping[str, str]
    threads: int = 1


def usable_cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Identifiers of the NVIDIA GPUs this process may use: ``CUDA_VISIBLE_DEVICES`` when set, else all.

    Indices, UUIDs (``GPU-…``) and MIG devices (``MIG-…``) pass through as they are.
    """
    limited = os.environ.get("CUDA_VISIBLE_DEVICES")
    if limited is not None:
        return [name.strip() for name in limited.split(",") if name.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    answer = subprocess.run([tool, *_QUERY], capture_output=True, text=True, check=False, timeout=60)
    if answer.returncode != 0:
        log.warning("nvidia-smi failed, so no GPU is used: %s", (answer.stderr or answer.stdout).strip())
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def make_slots(
    slots: int | None = None, gpus: Sequence[str] | None = None, per_gpu: int = 1, cores: int | None = None
) -> list[Slot]:
    """The slots of a worker.

    Parameters
    ----------
    slots : int, optional
        How many in all. Absent: `per_gpu` for each GPU, or one for each CPU core where there is no GPU.
    gpus : sequence of str, optional
        Identifiers of the GPUs to use; empty for none. Absent: `visible_gpus`.
    per_gpu : int
        Jobs that share one GPU.
    cores : int, optional
        CPU cores to divide among the slots. Absent: `usable_cores`.

    Returns
    -------
    list of Slot
        GPU slots go round the GPUs.

    Raises
    ------
    ConfigError
        When a number is not positive.
    EnvironmentNotReady
        When a GPU is asked for that is not there.
    """
    if per_gpu < 1 or (slots is not None and slots < 1):
        raise ConfigError(
            "A worker needs at least one slot; give --slots and --slots-per-gpu numbers from 1."
        )
    devices = visible_gpus() if gpus is None else _checked(gpus)
    cores = usable_cores() if cores is None else cores
    count = slots or (len(devices) * per_gpu if devices else cores)
    threads = max(1, cores // count)
    return [_slot(number, devices, threads) for number in range(count)]


def _checked(gpus: Sequence[str]) -> list[str]:
    present = visible_gpus()
    missing = [name for name in gpus if name.isdigit() and name not in present]
    if missing and all(name.isdigit() for name in present):
        raise EnvironmentNotReady(
            f"GPU {', '.join(missing)} is not on this machine; present: {', '.join(present) or 'none'}. "
            "Use --gpus with one of these, or --gpus none."
        )
    return list(gpus)


def _slot(number: int, devices: Sequence[str], threads: int) -> Slot:
    gpu = devices[number % len(devices)] if devices else ""
    environment = {
        # As nvidia-smi counts, which is not CUDA's own order on a machine with unlike GPUs.
        "CUDA_DEVICE_ORDER": os.environ.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
        "CUDA_VISIBLE_DEVICES": gpu,
        "OPENMM_CPU_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
    }
    return Slot(number, f"cuda:{gpu}" if gpu else "cpu", environment, threads)


class SlotPool:
    """Free slots, given out in the order in which they were asked for. For one event loop.

    Parameters
    ----------
    slots : sequence of Slot
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = tuple(slots)
        self._free = deque(slots)
        self._waiting: deque[asyncio.Future[Slot]] = deque()
        self._closed = False

    @property
    def free(self) -> int:
        """Slots that nobody holds."""
        return len(self._free)

    def close(self) -> None:
        """Give out no slot any more."""
        self._closed = True

    def take(self) -> Slot | None:
        """A free slot at once, or None."""
        return self._free.popleft() if self._free and not self._closed else None

    async def acquire(self, timeout: float) -> Slot | None:
        """The next free slot, or None when there is none within `timeout` seconds."""
        if self._free and not self._waiting and not self._closed:
            return self._free.popleft()
        turn: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait([turn], timeout=timeout)
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(turn.result())
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
        return turn.result() if turn.done() else None

    def give(self, slot: Slot) -> None:
        """Put a slot back; whoever has waited longest gets it."""
        while self._waiting and not self._closed:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(slot)
                return
        self._free.append(slot)
