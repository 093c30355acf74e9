"""What a person sees while a campaign runs: bars on a terminal, plain lines otherwise. All of it on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from steer.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from steer.config import CampaignConfig
    from steer.status import Status

__all__ = ["Bars", "PlainLines", "Silent", "make_console"]

LINE_EVERY = 10.0
"""s between two status lines when there is no terminal."""


def make_console(config: CampaignConfig, *, quiet: bool = False) -> Bars | PlainLines | Silent:
    """The console that fits stderr."""
    if quiet:
        return Silent()
    return Bars(config) if sys.stderr.isatty() else PlainLines(sys.stderr)


class Silent:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def event(self, text: str) -> None:
        """Ignore the event."""

    def update(self, status: Status) -> None:
        """Ignore the status."""


class PlainLines(Silent):
    """One line an event, and a status line now and then.

    Parameters
    ----------
    out : text stream
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._start = time.monotonic()
        self._next = 0.0

    def event(self, text: str) -> None:
        """Print the event with the time since the start."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        self._out.write(f"[{minutes:02d}:{seconds:02d}] {printable(text)}\n")
        self._out.flush()

    def update(self, status: Status) -> None:
        """Print the status, unless the last one was just printed."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY
            self.event(status_line(status))


class Bars(Silent):
    """Progress bars for the goals and the running jobs, with the events scrolling above.

    Parameters
    ----------
    config : CampaignConfig
    """

    def __init__(self, config: CampaignConfig) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from steer.cli.log import stderr_console

        self._config = config
        self._bars: Progress = Progress(
            TextColumn("{task.description:<26}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
            console=stderr_console(),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def event(self, text: str) -> None:
        """Print the event above the bars."""
        self._bars.console.print(printable(text), highlight=False, markup=False)

    def update(self, status: Status) -> None:
        """Move the bars."""
        rows = {name: (value, total, text) for name, value, total, text in _goal_rows(self._config, status)}
        for job in status.running:
            rows[job["key"]] = (job["fraction"], 1.0, printable(job["phase"]))
        for name in set(self._tasks) - set(rows):
            self._bars.remove_task(self._tasks.pop(name))
        for name, (value, total, text) in rows.items():
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(name, total=total, text=text)
            self._bars.update(self._tasks[name], completed=value, total=total, text=text)


def _goal_rows(config: CampaignConfig, status: Status) -> list[tuple[str, float, float | None, str]]:
    stop = config.stop
    cg, aa = status.cg_time * 1e-3, status.refinements["accepted"]
    goal = stop.aggregate_time and stop.aggregate_time * 1e-3
    of_goal = f" of {goal:g}" if goal else ""
    of_refinements = f" of {stop.refinements}" if stop.refinements else ""
    model = (
        f"model {status.model}"
        if status.model
        else f"{status.frames} of {status.min_frames} frames for model 1"
    )
    return [
        ("CG simulation", cg, goal, f"{cg:.2f}{of_goal} ns, {status.frames} frames"),
        (
            "refinements",
            aa,
            stop.refinements,
            f"{aa}{of_refinements} accepted, {status.refinements['rejected']} rejected",
        ),
        ("coverage", status.coverage, stop.coverage, f"{status.coverage} cells, {model}"),
    ]


def status_line(status: Status) -> str:
    """The campaign in one line."""
    refined = status.refinements
    parts = [
        f"CG {status.cg_time * 1e-3:.2f} ns",
        f"{status.frames} frames",
        f"model {status.model}" if status.model else f"model: {status.frames}/{status.min_frames} frames",
        f"coverage {status.coverage}",
        f"refined {refined['accepted']} accepted, {refined['rejected']} rejected, {refined['open']} open",
        f"running {_running(status)}" if status.running else status.waiting,
    ]
    return "; ".join(part for part in parts if part)


def _running(status: Status) -> str:
    return ", ".join(f"{_short(job['key'])} {job['phase']} {job['fraction']:.0%}" for job in status.running)


def _short(key: str) -> str:
    """A job's simulation, or what it is: ``cg-000012``, ``train:0002``."""
    return key if key.startswith("train:") else key.partition(":")[2]
