"""The OpenMM platform of backmapping: one CPU thread, forces summed in a fixed order, so that a seed fixes the answer.

The systems are single solutes of some hundred to some thousand atoms, for which a thread is quick enough, and a
structure that depends on how many threads there happen to be could not be made again.
"""

from __future__ import annotations

import openmm

__all__ = ["steady_platform"]


def steady_platform() -> tuple[openmm.Platform, dict[str, str]]:
    """Platform and properties for a context whose results depend on nothing but its input."""
    return openmm.Platform.getPlatformByName("CPU"), {"Threads": "1", "DeterministicForces": "true"}
