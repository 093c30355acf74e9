"""The backmappers there are, by the names a campaign file uses. A new one is a new file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sims.backmap.carry_over import CarryOver
from sims.backmap.mstool import Mstool
from sims.backmap.protocol import Backmapper

__all__ = ["BACKMAPPERS", "make_backmapper", "other_than"]

_MAKERS: dict[str, Callable[[Path | None], Backmapper]] = {
    CarryOver.name: lambda _: CarryOver(),
    Mstool.name: Mstool,
}

BACKMAPPERS: tuple[str, ...] = tuple(_MAKERS)
"""Their names, the one that measures better first."""


def make_backmapper(name: str, directory: Path | None = None) -> Backmapper:
    """Build a backmapper.

    Parameters
    ----------
    name : str
        One of `BACKMAPPERS`.
    directory : Path, optional
        Where it may keep logs; nowhere when absent.

    Raises
    ------
    ValueError
        When there is none of that name.
    """
    if name not in _MAKERS:
        raise ValueError(f"There is no backmapper {name!r}; choose one of {', '.join(BACKMAPPERS)}.")
    return _MAKERS[name](directory)


def other_than(name: str) -> str:
    """The backmapper to fall back on when `name` is the first choice."""
    return next(candidate for candidate in BACKMAPPERS if candidate != name)
