"""`steer doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from steer.cli.log import log_options
from steer.cli.report import NOT_READY, OK

if TYPE_CHECKING:
    from steer.doctor import Finding, Verdict

__all__ = ["doctor"]

COLOURS: dict[Verdict, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option(
    "--redis", "url", metavar="URL", help="A running Redis to examine; otherwise one is started and stopped."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@log_options
def doctor(url: str | None, as_json: bool) -> int:
    """Check that this machine can run campaigns, and say what to do where it cannot.

    Exits with 3 when something that every campaign needs is missing.
    """
    return examine(url, as_json)


def examine(url: str | None, as_json: bool) -> int:
    """Make the findings, print them as they come; returns the exit code."""
    from steer.doctor import diagnose, ready

    found = diagnose(url)
    findings = list(found) if as_json else [_print(finding) for finding in found]
    if as_json:
        click.echo(
            json.dumps({"ready": ready(findings), "findings": [asdict(each) for each in findings]}, indent=2)
        )
    else:
        click.echo(_summary(findings))
    return OK if ready(findings) else NOT_READY


def _print(finding: Finding) -> Finding:
    verdict = click.style(f"{finding.verdict:<4}", fg=COLOURS[finding.verdict])
    click.echo(f"{verdict}  {finding.name:<18}  {finding.detail}")
    if finding.remedy:
        click.echo(f"{'':<26}{finding.remedy}")
    return finding


def _summary(findings: Iterable[Finding]) -> str:
    failed = [finding.name for finding in findings if finding.verdict == "fail"]
    if failed:
        return f"Not ready: {', '.join(failed)}."
    return "Ready."
