"""Who is told what a campaign does: the coordinator's one way to speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from steer.status import Status

__all__ = ["Observer"]


class Observer(Protocol):
    """Who wants to know what the coordinator does: a terminal, a log, nobody."""

    def event(self, text: str) -> None:
        """Something happened: one line."""

    def update(self, status: Status) -> None:
        """The campaign as it is now."""
