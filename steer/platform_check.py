"""Which platform of OpenMM a worker's slots can run on, found before any job is taken.

A job on a machine without the platform that its campaign asks for would fail, and be counted as failed. The test runs
in a process for each device (``python -m steer.platform_check PLATFORM``), confined as a job will be: a worker daemon
itself imports no OpenMM and holds no GPU.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

import msgspec

from steer.connection import PASSWORD_VARIABLE
from steer.exceptions import EnvironmentNotReady
from steer.slots import Slot

__all__ = ["ON_CPU", "Answer", "find_platform"]

log = logging.getLogger(__name__)

TIMEOUT = 180.0
"""s; the first use of a GPU after a reboot takes long."""

ON_CPU = "CPU"
"""What `find_platform` says where OpenMM's CPU platform is used, and no other."""

_ON_PROCESSORS = (ON_CPU, "Reference")


class Answer(msgspec.Struct, frozen=True):
    """What the test prints: the name of the platform that works, or why none does."""

    platform: str = ""
    problem: str = ""


async def find_platform(wanted: str, slots: Sequence[Slot]) -> str:
    """Try the platform of a campaign on every device of a worker.

    Parameters
    ----------
    wanted : str
        A platform of OpenMM, or ``auto``.
    slots : sequence of Slot
        Of the worker.

    Returns
    -------
    str
        Name of the platform; of several, joined by ``+``.

    Raises
    ------
    EnvironmentNotReady
        When a slot cannot run on it, with OpenMM's reason.
    """
    devices = {slot.device: slot for slot in slots}
    answers = await asyncio.gather(*(_ask(wanted, slot) for slot in devices.values()))
    for device, answer in zip(devices, answers, strict=True):
        if answer.problem:
            raise EnvironmentNotReady(
                f"The campaign's platform ({wanted}) does not work on {device} of this machine: {answer.problem}"
            )
        if device != "cpu" and answer.platform in _ON_PROCESSORS:
            log.warning(
                "OpenMM cannot use %s, so its simulations run on %s, many times slower; see 'steer doctor'",
                device,
                answer.platform,
            )
    return "+".join(sorted({answer.platform for answer in answers}))


async def _ask(wanted: str, slot: Slot) -> Answer:
    environment = {**os.environ, **slot.environment}
    environment.pop(PASSWORD_VARIABLE, None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "steer.platform_check", wanted),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            out, err = await process.communicate()
        return msgspec.json.decode(out, type=Answer)
    except TimeoutError:
        return Answer(problem=f"the test of it did not end within {TIMEOUT:g} s.")
    except msgspec.MsgspecError:
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        return Answer(problem=f"the test of it ended with exit code {process.returncode}: {last}")
    finally:
        if process.returncode is None:
            process.kill()


def main(wanted: str) -> None:
    """Try a platform here, and print the `Answer`."""
    from sims.exceptions import PlatformError
    from sims.platforms import choose_platform

    try:
        answer = Answer(platform=choose_platform(wanted).name)
    except PlatformError as error:
        answer = Answer(problem=error.problem)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main(sys.argv[1])
