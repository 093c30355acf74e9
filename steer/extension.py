"""`steer run --extend`: further goals for a campaign, counted once however often the same command is repeated.

A batch script or a service repeats its command when it was killed. So an extension is written down in the journal with
the goals before and after it, and the same extension is not counted again while the campaign is on its way to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steer.config import Stop, parse_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from steer.journal import Journal

__all__ = ["OPTION", "extend", "extended", "in_force", "is_reached", "written_down"]

OPTION = "--extend"
_KEY = "extensions"
_PENDING = "extension_pending"

Reached = Mapping[str, float]
"""How far a campaign has come, by the name of the goal: ps, accepted refinements, cells, ps of real time."""


@dataclass(frozen=True)
class _Extension:
    """What was asked for, and the goals before and after it."""

    by: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


def extend(journal: Journal, stop: Stop, text: str, reached: Reached, tell: Callable[[str], None]) -> Stop:
    """The goals after an extension, which is written down; the goals as they are when it is under way already.

    Parameters
    ----------
    journal : Journal
        Open for writing.
    stop : Stop
        The goals in force.
    text : str
        By how much, in the words of ``--until``: ``50 us``, ``10 refinements``.
    reached : mapping of str to float
        How far the campaign has come.
    tell : callable
        Gets one sentence.

    Raises
    ------
    ConfigError
        When the text names no goal.
    """
    by = parse_until(text, OPTION)
    done = _extensions(journal)
    if (
        done
        and done[-1].by == _goals(by)
        and done[-1].after == _goals(stop)
        and not is_reached(stop, reached)
    ):
        tell(f"the extension by {text} is under way already and is not counted twice: {_words(stop)}")
        return stop
    after = extended(stop, by, reached)
    new = {"by": _goals(by), "before": _goals(stop), "after": _goals(after)}
    with journal.transaction():
        journal.set_meta(_KEY, [*(vars(each) for each in done), new])
        journal.set_meta(_PENDING, True)
    tell(f"extended by {text}: {_words(after)}")
    return after


def extended(stop: Stop, by: Stop, reached: Reached) -> Stop:
    """Goals raised by others; a goal that was not set begins where the campaign is.

    Where one goal suffices to end the campaign, others that are reached already are dropped: with them the extension
    would end before it began.

    Parameters
    ----------
    stop, by : Stop
    reached : mapping of str to float
    """
    goals = {name: value for name, value in _goals(stop).items() if name != "require"}
    raised = {name: value for name, value in _goals(by).items() if name != "require"}
    if stop.require == "any":
        goals = {n: value for n, value in goals.items() if n in raised or not _met(value, reached, n)}
    for name, value in raised.items():
        base = goals.get(name, reached.get(name, 0))
        goals[name] = type(value)(base + value)
    return stop.model_copy(update={**dict.fromkeys(_goals_unset(stop)), **goals})


def in_force(journal: Journal, stop: Stop, *, from_file: bool) -> Stop:
    """The goals that a campaign has, from those that stand in its file.

    Parameters
    ----------
    journal : Journal
    stop : Stop
        What the file says.
    from_file : bool
        Whether that is the file the user wrote, which knows of no extension. The directory's own knows of all but one
        that a crash left unfinished.
    """
    if not from_file and not journal.get_meta(_PENDING, False):
        return stop
    for extension in _extensions(journal):
        if _goals(stop) == extension.before:
            stop = stop.model_copy(update={**dict.fromkeys(_goals_unset(stop)), **extension.after})
    return stop


def written_down(journal: Journal) -> None:
    """The campaign directory's own file has the goals in force."""
    if journal.get_meta(_PENDING, False):
        journal.set_meta(_PENDING, False)


def is_reached(stop: Stop, reached: Reached) -> bool:
    """Whether these goals end a campaign that has come so far."""
    met = [_met(value, reached, name) for name, value in _goals(stop).items() if name != "require"]
    return all(met) if stop.require == "all" else any(met)


def _met(goal: float, reached: Reached, name: str) -> bool:
    return reached.get(name, 0.0) >= goal * (1 - 1e-9)


def _goals(stop: Stop) -> dict[str, Any]:
    return stop.model_dump(exclude_none=True)


def _goals_unset(stop: Stop) -> list[str]:
    return [name for name in type(stop).model_fields if name != "require"]


def _words(stop: Stop) -> str:
    goals = stop.model_dump(mode="json", exclude_none=True)
    require = goals.pop("require")
    ends = f" {'and' if require == 'all' else 'or'} ".join(f"{name} {value}" for name, value in goals.items())
    return f"the campaign ends at {ends}"


def _extensions(journal: Journal) -> list[_Extension]:
    return [_Extension(**extension) for extension in journal.get_meta(_KEY, [])]
