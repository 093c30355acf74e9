"""`steer doctor`: whether this machine can run campaigns, and what to do where it cannot.

Each check is a function that yields findings; a check that raises becomes a finding itself, so that one broken
library does not hide the state of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from steer.doctor.engines import check_openmm, check_torch
from steer.doctor.finding import Finding, Verdict
from steer.doctor.machine import check_compiler, check_cores, check_disk, check_packages, check_python
from steer.doctor.redis import check_redis

__all__ = ["Finding", "Verdict", "diagnose", "ready"]

Check = Callable[[], Iterable[Finding]]


def diagnose(url: str | None = None) -> Iterator[Finding]:
    """Examine this machine, one finding after the other as it is made.

    Parameters
    ----------
    url : str, optional
        A running Redis to examine; absent: one is started in a temporary folder and stopped again.
    """
    checks: dict[str, Check] = {
        "Python": check_python,
        "packages": check_packages,
        "C compiler": check_compiler,
        "cores": check_cores,
        "OpenMM": check_openmm,
        "torch": check_torch,
        "Redis": partial(check_redis, url),
        "disk": check_disk,
    }
    for name, check in checks.items():
        yield from _guarded(name, check)


def ready(findings: Iterable[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.verdict != "fail" for finding in findings)


def _guarded(name: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:
        yield Finding(
            name,
            "fail",
            f"the check itself failed: {type(error).__name__}: {error}",
            "Install steer again with `bash deploy/quickstart.sh`, and report this if it stays.",
        )
