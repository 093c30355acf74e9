"""The campaign as JSON: status, lineage, refinements, jobs, logs, decisions, configuration. Texts stay plain texts."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from steer.coverage.lineage import lineage
from steer.coverage.workers import job_spans
from steer.dashboard.live import Live
from steer.dashboard.records import JournalCache
from steer.exceptions import CampaignError
from steer.metrics import read_metrics
from steer.status import Status
from steer.status_report import current_status

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory
    from steer.config import CampaignConfig

__all__ = ["CampaignView"]

POINTS_AT_MOST = 400
"""Of a curve over time."""

LOG_TAIL = 65_536
"""Bytes of a log that are shown, its end."""

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class CampaignView:
    """Answers what the page asks about a campaign. May be called from any thread.

    Parameters
    ----------
    directory : CampaignDirectory
    config : CampaignConfig
    journal : JournalCache
    live : Live
    """

    def __init__(
        self, directory: CampaignDirectory, config: CampaignConfig, journal: JournalCache, live: Live
    ) -> None:
        self._directory, self._config, self._journal, self._live = directory, config, journal, live

    def snapshot(self) -> Status | None:
        """The newest status; None before the coordinator has written one."""
        try:
            return current_status(self._directory)
        except CampaignError:
            return None

    def status(self) -> dict[str, Any]:
        """Status, with progress and workers from Redis where it answers, and how old it is in s."""
        status = self.snapshot()
        if status is None:
            return {
                "campaign": self._config.campaign.name,
                "phase": "starting",
                "waiting": "Nothing is known yet.",
            }
        told: dict[str, Any] = msgspec.to_builtins(status)
        live = None if status.phase == "finished" else self._live.read()
        if live is not None:
            told |= {"running": live.running, "workers": live.workers, "refused": live.refused}
        elif status.phase != "running":
            # Nobody tells of workers any more: those of the last status are not there.
            told |= {"running": [], "workers": []}
        return told | {"redis": live is not None, "age": max(0.0, time.time() - status.updated)}

    def series(self) -> dict[str, list[float]]:
        """The curves of ``metrics.csv``, thinned."""
        columns = read_metrics(self._directory.metrics)
        count = len(columns["time"])
        step = max(1, -(-count // POINTS_AT_MOST))
        # Counted from the end, so that the newest value is always there.
        return {name: values[(count - 1) % step :: step] if count else [] for name, values in columns.items()}

    def lineage(self) -> list[dict[str, Any]]:
        """Nodes of the tree, parents before children."""
        records = self._journal.read()
        nodes = lineage(records.seeds, records.simulations, records.promotions)
        return [
            {"id": n.id, "kind": n.kind, "parent": n.parent, "depth": n.depth, "height": n.height}
            for n in nodes
        ]

    def refinements(self) -> list[dict[str, Any]]:
        """Every refinement with its promotion and its quality report, the newest first."""
        records = self._journal.read()
        promotions = {promotion.simulation: promotion for promotion in records.promotions}
        return [
            {
                "id": simulation.id,
                "state": simulation.state,
                "generation": simulation.generation,
                "promotion": promotions.get(simulation.id),
                "result": simulation.result,
                "interval": self._config.refinement.frame_interval,
            }
            for simulation in reversed(records.simulations)
            if simulation.level == "aa"
        ]

    def jobs(self, state: str, kind: str, first: int, count: int) -> dict[str, Any]:
        """A page of the jobs, the newest first, and how many there are.

        Parameters
        ----------
        state, kind : str
            Only these; empty for all. ``open`` is planned or submitted.
        first, count : int
        """
        states = {"open": ("planned", "submitted")}.get(state, (state,))
        rows = [
            job
            for job in reversed(self._journal.read().jobs)
            if (not state or job.state in states) and (not kind or job.kind == kind)
        ]
        return {"total": len(rows), "jobs": rows[first : first + count]}

    def spans(self) -> dict[str, Any]:
        """What the workers did lately: the newest 400 ended jobs as spans in s, and the Unix time of their origin."""
        ended = [job for job in self._journal.read().jobs if job.started and job.finished]
        ended = sorted(ended, key=lambda job: job.finished or 0.0)[-POINTS_AT_MOST:]
        origin = min((job.started for job in ended if job.started), default=0.0)
        return {"origin": origin, "spans": job_spans(ended)}

    def log(self, key: str) -> dict[str, Any] | None:
        """The end of a job's log as plain text; None for an unknown job or one without a log.

        Only a file below the campaign's folder of logs is read, whatever the journal names.
        """
        job = next((job for job in self._journal.read().jobs if job.key == key), None)
        if job is None:
            return None
        name = job.log or f"logs/{key.partition(':')[2]}.log"
        path, logs = (self._directory.root / name).resolve(), self._directory.logs.resolve()
        if not path.is_relative_to(logs) or not path.is_file():
            return None
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - LOG_TAIL))
            text = file.read(LOG_TAIL).decode(errors="replace")
        return {"file": str(path.relative_to(self._directory.root.resolve())), "cut": size > LOG_TAIL,
                "text": _CONTROL.sub("", text.replace("\r\n", "\n"))}  # fmt: skip

    def decisions(self, count: int) -> list[dict[str, Any]]:
        """The latest decisions, the newest first."""
        names = ("round", "action", "subject", "reason")
        return [
            dict(zip(names, row, strict=True)) for row in self._journal.read().decisions[: -count - 1 : -1]
        ]

    def configuration(self) -> dict[str, Any]:
        """The campaign file as it was resolved, versions, and how to go on."""
        import steer

        records, root = self._journal.read(), self._directory.root
        return {
            "name": self._config.campaign.name,
            "directory": str(root),
            "file": self._directory.config.read_text(encoding="utf-8"),
            "resume": f"steer run {root}",
            "stop": f"steer stop {root}",
            "version": steer.__version__,
            "force_fields": records.force_fields,
            "models": records.models,
        }
