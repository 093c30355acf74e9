"""The `FrameStream` seam: frames from simulations to the coordinator. (Implementations to be written.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["FrameStream"]


class FrameStream(Protocol):
    """Messages published by many simulations, read in order by one consumer group, kept until acknowledged."""

    def publish(self, messages: Sequence[bytes]) -> None:
        """Append encoded frames, in order, in one round trip."""

    def read(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        """Up to `count` messages with their ids; waits up to `timeout` seconds for the first.

        After a restart, messages that were read but not acknowledged come again first.
        """

    def acknowledge(self, ids: Sequence[str]) -> None:
        """These messages are durable in the campaign directory; drop them."""

    def set_aside(self, id: str, message: bytes, reason: str) -> None:
        """Move a message that is no frame of ours to the dead-letter stream, and acknowledge it."""

    def backlog(self) -> int:
        """Messages waiting."""

    def close(self) -> None:
        """Release connections."""
