"""What is said when `steer run` ends: what was done, where it lies, and what to do next."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.exceptions import CampaignError
from steer.status import Status
from steer.status_report import current_status, describe

__all__ = ["Ending", "ending_of", "further_goal"]


@dataclass(frozen=True)
class Ending:
    """The summary of a run.

    Attributes
    ----------
    phase, reason : str
    status : str
        The campaign in lines.
    files : list of str
        Pictures and tables that were written.
    next_steps : list of (str, str)
        A purpose and the command for it.
    """

    phase: str
    reason: str
    status: str
    files: list[str]
    next_steps: list[tuple[str, str]]

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    def as_text(self) -> str:
        """Lines for people."""
        width = max(len(purpose) for purpose, _ in self.next_steps)
        return "\n".join(
            [
                self.status,
                "",
                *_written(self.files),
                "",
                *(f"{purpose + ':':<{width + 2}} {command}" for purpose, command in self.next_steps),
            ]
        )


def ending_of(directory: CampaignDirectory, phase: str, reason: str) -> Ending:
    """Draw the coverage and put the summary together."""
    files = [str(file) for file in _draw(directory)]
    steer, root = _command(), _shown(directory.root)
    status = current_status(directory)
    more = f' --until "{further_goal(status)}"' if phase == "finished" else ""
    steps = [
        ("Draw the coverage again", f"{steer} coverage {root}"),
        ("See the state of the campaign", f"{steer} status {root}"),
        ("See why each choice was made", f"{steer} status {root} --decisions"),
        ("Go on" if more else "Resume", f"{steer} run {root}{more}"),
        ("Attach a worker while it runs", f"{steer} worker --directory {root}"),
    ]
    return Ending(phase, reason, describe(status), files, steps)


def _written(files: Sequence[str]) -> list[str]:
    """The picture to look at first, and how many files lie beside it."""
    more = f", and {len(files) - 1} more pictures and tables beside it" if len(files) > 1 else ""
    return [f"Wrote {file}{more}" for file in files[:1]]


def _draw(directory: CampaignDirectory) -> Sequence[Path]:
    from steer.coverage.data import load_coverage_data
    from steer.coverage.report import write_coverage

    try:
        data = load_coverage_data(directory, load_config(directory.config))
    except CampaignError:
        return []
    return write_coverage(data, directory.plots)


def further_goal(status: Status) -> str:
    """Twice what was reached, as ``--until`` takes it: refinements where there are any, else time (a landscape)."""
    accepted = status.refinements["accepted"]
    return f"{2 * accepted} refinements" if accepted else f"{2e-3 * max(status.cg_time, 1.0):.4g} ns"


def _command() -> str:
    """`steer`, as it must be typed here: with its path when it is not on PATH."""
    return "steer" if shutil.which("steer") else _shown(Path(sys.executable).with_name("steer"))


def _shown(path: Path) -> str:
    """The path as a user would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)
