"""The machine itself: Python, installed packages, compiler, cores, disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from steer.doctor.finding import Finding

__all__ = ["check_compiler", "check_cores", "check_disk", "check_packages", "check_python"]

SUPPORTED = ((3, 11), (3, 12))
GB = 1024**3
LITTLE_SPACE = 5 * GB
NO_SPACE = GB // 2


def check_python() -> Iterator[Finding]:
    """Whether this interpreter is one that every dependency has packages for."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in SUPPORTED:
        yield Finding("Python", "ok", found)
    else:
        yield Finding("Python", "fail", found, "Use Python 3.11 or 3.12.")


def check_packages() -> Iterator[Finding]:
    """Whether every package that steer asks for is there in a version that fits."""
    wanted = [Requirement(line) for line in requires("steer") or ()]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    problems = [problem for each in wanted if (problem := _misfit(each))]
    if problems:
        yield Finding(
            "packages", "fail", "; ".join(problems), "Install steer again: pip install --editable ."
        )
    else:
        yield Finding("packages", "ok", f"steer {version('steer')} and the {len(wanted)} packages it needs")


def _misfit(wanted: Requirement) -> str | None:
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(found, prereleases=True):
        return None
    return f"{wanted.name} is {found}, not {wanted.specifier}"


def check_compiler() -> Iterator[Finding]:
    """Whether mstool is installed, or could be: it comes as source."""
    if find_spec("mstool") is not None:
        return
    if any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        yield Finding("C compiler", "ok", "there is one to build mstool with")
    else:
        yield Finding(
            "C compiler", "fail", "none, and mstool must be built", "Install gcc and the Python headers."
        )


def check_cores() -> Iterator[Finding]:
    """How many cores this process may use."""
    cores = len(os.sched_getaffinity(0))
    if cores > 1:
        yield Finding("cores", "ok", f"{cores} CPU cores")
    else:
        yield Finding(
            "cores", "warn", "1 CPU core", "Refinements and CG simulations will take turns; use two or more."
        )


def check_disk() -> Iterator[Finding]:
    """Whether the working directory can be written and has space for a campaign."""
    here = Path.cwd()
    free = shutil.disk_usage(here).free
    detail = f"{free / GB:.1f} GB free in {here}"
    if not os.access(here, os.W_OK):
        yield Finding(
            "disk", "warn", f"{here} cannot be written", "Run campaigns with --directory elsewhere."
        )
    elif free < NO_SPACE:
        yield Finding("disk", "fail", detail, "Make room, or run campaigns with --directory elsewhere.")
    elif free < LITTLE_SPACE:
        yield Finding(
            "disk", "warn", detail, "Large campaigns need more: make room, or use --directory elsewhere."
        )
    else:
        yield Finding("disk", "ok", detail)
