from collections import namedtuple
from collections.abc import Iterable

import pytest

from steer.doctor import Finding, diagnose, ready
from steer.doctor.machine import GB, check_compiler, check_cores, check_disk, check_packages, check_python

Usage = namedtuple("Usage", "total used free")


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_this_installation_is_well() -> None:
    assert only(check_python()).verdict == "ok"
    assert only(check_packages()).verdict == "ok"
    assert list(check_compiler()) == []


def test_missing_and_unfit_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [
        "numpy<1.0",
        "no-such-package>=1",
        "click",
        "absent; python_version < '3'",
        "pytest; extra == 'test'",
    ]
    monkeypatch.setattr("steer.doctor.machine.requires", lambda name: wanted)
    finding = only(check_packages())
    assert finding.verdict == "fail"
    assert finding.detail.startswith("numpy is 2.")
    assert finding.detail.endswith("not <1.0; no-such-package is missing")
    assert "pip install" in finding.remedy


@pytest.mark.parametrize(("free", "verdict"), [(100 * GB, "ok"), (2 * GB, "warn"), (GB // 10, "fail")])
def test_disk_space(monkeypatch: pytest.MonkeyPatch, free: int, verdict: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(0, 0, free))
    finding = only(check_disk())
    assert finding.verdict == verdict
    assert bool(finding.remedy) == (verdict != "ok")


@pytest.mark.parametrize(("cores", "verdict"), [({0}, "warn"), ({0, 1}, "ok")])
def test_cores(monkeypatch: pytest.MonkeyPatch, cores: set[int], verdict: str) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: cores)
    assert only(check_cores()).verdict == verdict


def test_without_mstool_a_compiler_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer.doctor.machine.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert only(check_compiler()).verdict == "fail"


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterable[Finding]:
        raise OSError("the library is damaged")

    for name in ("check_openmm", "check_torch", "check_redis"):
        monkeypatch.setattr(f"steer.doctor.{name}", lambda *arguments: [])
    monkeypatch.setattr("steer.doctor.check_packages", broken)
    findings = list(diagnose())
    failed = [finding for finding in findings if finding.verdict == "fail"]
    assert [finding.name for finding in failed] == ["packages"]
    assert "OSError: the library is damaged" in failed[0].detail
    assert {"Python", "disk"} <= {finding.name for finding in findings}
    assert not ready(findings)
